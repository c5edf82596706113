//! See `fuzz_targets::query_body`: `cargo +nightly fuzz run query ../tests/fuzz/corpus/query`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::query_body(data));
