//! What the object service does for every chunk of an upload and every row of a list, on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use object::api::list::Asked;
use object::api::list_rows::write_row;
use object::body::chunked::Decoder;
use object::domain::object::{Listed, Object};
use store::Value;

/// Content of an upload in chunks of this size, as a client frames it.
fn framed(content: usize, chunk: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    for _ in 0..content / chunk {
        wire.extend(format!("{chunk:x}\r\n").into_bytes());
        wire.extend(std::iter::repeat_n(b'x', chunk));
        wire.extend(b"\r\n");
    }
    wire.extend(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    wire
}

fn chunks(c: &mut Criterion) {
    let content = 1 << 20;
    let mut group = c.benchmark_group("chunk decoding");
    group.throughput(Throughput::Bytes(content as u64));
    for chunk in [8 << 10, 64 << 10] {
        let wire = framed(content, chunk);
        group.bench_function(format!("chunks of {} KiB", chunk >> 10), |b| {
            b.iter(|| {
                let (mut decoder, mut seen) = (Decoder::new(None, false), 0);
                for piece in black_box(&wire).chunks(256 << 10) {
                    let count = |place: std::ops::Range<usize>| {
                        seen += place.len();
                        Ok(())
                    };
                    decoder.find(piece, count).expect("the framing is right");
                }
                decoder.finish().expect("it is whole");
                assert_eq!(seen, content);
            });
        });
    }
    group.finish();
}

/// A row as an upload leaves it.
fn row() -> Vec<u8> {
    let text = r#"{"size":4096,"etag":"d41d8cd98f00b204e9800998ecf8427e",
        "modified":"2026-11-24T13:43:03.123456789Z","data":{"i":"0000000000000000000000000000004d"},
        "owner":"75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a","account":"000000000001",
        "checksum":{"algorithm":"CRC64NVME","kind":"FULL_OBJECT","value":"BwcHBwcHBwc="},
        "meta":{"system":{"content-type":"text/plain"}}}"#;
    let object: Object = serde_json::from_str(text).expect("an object");
    object.to_bytes().expect("it can be stored")
}

fn lists(c: &mut Criterion) {
    let row = row();
    let keys: Vec<String> = (0..1000).map(|n| format!("some/folder/of/objects/{n:08}.parquet")).collect();
    let mut group = c.benchmark_group("list encoding");
    group.throughput(Throughput::Elements(keys.len() as u64));
    for url in [false, true] {
        let asked = Asked {
            prefix: String::new(),
            delimiter: None,
            limit: 1000,
            url,
            restore: false,
            now: jiff::Timestamp::UNIX_EPOCH,
            owner: None,
        };
        let name = if url { "a page of 1,000 keys, url" } else { "a page of 1,000 keys" };
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut out = String::new();
                for key in &keys {
                    let listed = Listed::of_row(black_box(&row)).expect("it reads");
                    write_row(&mut out, &asked, key, &listed, false);
                }
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, chunks, lists);
criterion_main!(benches);
