//! `kill -9` of a process that puts, uploads in parts (with parts replaced and uploads aborted), copies and deletes: what it
//! acknowledged is there and whole, nothing else is half there. Each writer encrypts its objects in another way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use object::Config;
use support::{Sealed, World};

/// So many kills, unless the environment says otherwise.
const ROUNDS: u64 = 8;
const ROUNDS_VARIABLE: &str = "MURUS_CRASH_ROUNDS";
const WRITERS: usize = 4;
const KEYS: usize = 3;
/// What is copied: each writer puts it, or uploads it in parts.
const SOURCE: usize = KEYS;
/// A round goes on until so much was acknowledged, however slow this machine is.
const LEAST: usize = 40;
const DIRECTORY: &str = "MURUS_CRASH_DIRECTORY";
const SIZES: [usize; 4] = [40, 9_000, 20_000, 900_000];

/// What one operation does to its key: content number `n`, or nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Holds(u64),
}

fn content(writer: usize, n: u64) -> Vec<u8> {
    let size = SIZES[(n % 4) as usize];
    let mut body = format!("{writer:04}{n:012}").into_bytes();
    body.extend((16..size).map(|at| (at as u64).wrapping_mul(n + 7).wrapping_add(writer as u64) as u8));
    body
}

/// What an operation is: of five, one puts an object and copies it, one uploads one in parts and copies that, and one
/// deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Put,
    PutAndCopy,
    UploadAndCopy,
    Delete,
}

fn kind(n: u64) -> Kind {
    match n % 5 {
        1 => Kind::PutAndCopy,
        3 => Kind::UploadAndCopy,
        4 => Kind::Delete,
        _ => Kind::Put,
    }
}

async fn world(root: &Path) -> World {
    World::open(root, Config { min_part_bytes: 1, ..support::config() }).await.unwrap()
}

fn say(line: &str) {
    // straight to the pipe: what is said must have left the process before it is killed
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Not a test by itself: the child of the test below.
#[test]
#[ignore = "runs until it is killed; the other test starts it"]
fn write_until_killed() {
    let Some(root) = std::env::var_os(DIRECTORY) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world: &World = Box::leak(Box::new(world(Path::new(&root)).await));
        world.put("/bucket", b"").await.fine();
        let first: u64 = std::env::var("MURUS_CRASH_FIRST").unwrap().parse().unwrap();
        let writers = (0..WRITERS).map(|writer| tokio::spawn(write(world, writer, first)));
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

async fn write(world: &World, writer: usize, first: u64) {
    for n in first.. {
        let sealed = Sealed::ALL[writer];
        let content = content(writer, n);
        // what was copied is deleted, too, while its copies are there
        let key = if n % 20 == 9 { SOURCE } else { (n as usize * 7 + writer) % KEYS };
        let source = format!("/bucket/{writer}-{SOURCE}");
        if matches!(kind(n), Kind::PutAndCopy | Kind::UploadAndCopy) {
            say(&format!("@try put {writer} {SOURCE} {n}\n"));
            match kind(n) {
                Kind::UploadAndCopy => upload(world, writer, n, &content).await,
                _ => drop(world.put_sealed(sealed, &source, &content).await.fine()),
            }
            say(&format!("@did put {writer} {SOURCE} {n}\n"));
        }
        let path = format!("/bucket/{writer}-{key}");
        let op = if kind(n) == Kind::Delete { "del" } else { "put" };
        say(&format!("@try {op} {writer} {key} {n}\n"));
        match kind(n) {
            Kind::Delete => drop(world.delete(&path).await.fine()),
            Kind::Put => drop(world.put_sealed(sealed, &path, &content).await.fine()),
            Kind::PutAndCopy | Kind::UploadAndCopy => {
                let mut headers = [sealed.writing(), sealed.copying()].concat();
                headers.push(("x-amz-copy-source".into(), format!("bucket/{writer}-{SOURCE}")));
                world.ask("PUT", &path, &headers, b"").await.fine();
            }
        }
        say(&format!("@did {op} {writer} {key} {n}\n"));
    }
}

/// Makes the writer's source of two parts, the halves of the content. The first replaces another; another upload, which
/// has put a part, is aborted.
async fn upload(world: &World, writer: usize, n: u64, content: &[u8]) {
    let path = format!("/bucket/{writer}-{SOURCE}");
    let given_up = begin(world, writer).await;
    put_part(world, writer, &given_up, 1, content).await;
    let id = begin(world, writer).await;
    put_part(world, writer, &id, 1, &content[n as usize % content.len()..]).await;
    let mut listed = String::new();
    for (number, half) in (1..).zip(content.chunks(content.len() / 2)) {
        let etag = put_part(world, writer, &id, number, half).await;
        listed += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    world.delete(&format!("{path}?uploadId={given_up}")).await.fine();
    let document = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    let complete = format!("{path}?uploadId={id}");
    world.ask("POST", &complete, &Sealed::ALL[writer].reading(), document.as_bytes()).await.fine();
}

async fn begin(world: &World, writer: usize) -> String {
    let path = format!("/bucket/{writer}-{SOURCE}?uploads");
    world.ask("POST", &path, &Sealed::ALL[writer].writing(), b"").await.fine().element("UploadId")
}

async fn put_part(world: &World, writer: usize, id: &str, number: u32, content: &[u8]) -> String {
    let path = format!("/bucket/{writer}-{SOURCE}?partNumber={number}&uploadId={id}");
    let reply = world.ask("PUT", &path, &Sealed::ALL[writer].reading(), content).await.fine();
    reply.header("etag").to_owned()
}

type Known = HashMap<(usize, usize), Vec<State>>;

/// Follows what the child said: of each key, the states that it may be in.
fn follow(known: &mut Known, line: &str) {
    // the test harness writes to the same pipe
    let Some(at) = line.find('@') else { return };
    let words: Vec<&str> = line[at + 1..].split_whitespace().collect();
    let [word, op, writer, key, n] = words.as_slice() else { return };
    let state = if *op == "del" { State::Absent } else { State::Holds(n.parse().unwrap()) };
    let states = known.entry((writer.parse().unwrap(), key.parse().unwrap())).or_insert(vec![State::Absent]);
    match *word {
        "try" => states.push(state),
        _ => *states = vec![state],
    }
}

async fn check(root: &Path, known: &mut Known) {
    let world = world(root).await;
    // what it was uploading is nobody's
    let uploads = world.get("/bucket?uploads").await.fine();
    for (key, id) in uploads.elements("Key").iter().zip(uploads.elements("UploadId")) {
        assert_eq!(world.delete(&format!("/bucket/{key}?uploadId={id}")).await.status, 204);
    }
    let (mut files, mut seen) = (0, HashSet::new());
    for ((writer, key), states) in known.iter_mut() {
        let reply = world.get_sealed(Sealed::ALL[*writer], &format!("/bucket/{writer}-{key}")).await;
        let found = match reply.status.as_u16() {
            404 => State::Absent,
            _ => {
                let body = reply.fine().body;
                let n: u64 = std::str::from_utf8(&body[4..16]).unwrap().parse().unwrap();
                assert_eq!(body, content(*writer, n), "torn content of {writer}-{key}");
                // a copy shares the files of its source
                if seen.insert((*writer, n)) {
                    let parts = if kind(n) == Kind::UploadAndCopy { 2 } else { 1 };
                    let pieces = body.chunks(body.len() / parts);
                    files += pieces.filter(|piece| piece.len() > 16 << 10).count();
                }
                State::Holds(n)
            }
        };
        assert!(states.contains(&found), "{writer}-{key} is {found:?}, not one of {states:?}");
        *states = vec![found];
    }
    world.files_become(files).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_many_kills() {
    let rounds = std::env::var(ROUNDS_VARIABLE).ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let dir = tempfile::tempdir().unwrap();
    let mut known = Known::new();
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_until_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, dir.path())
            .env("MURUS_CRASH_FIRST", (round * 1_000_000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (said, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let (until, mut done) = (Instant::now() + Duration::from_millis(400 + round % 10 * 97), 0);
        while done < LEAST || Instant::now() < until {
            let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
            done += usize::from(line.contains("@did"));
            follow(&mut known, &line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            follow(&mut known, &line);
        }
        check(dir.path(), &mut known).await;
    }
    assert_eq!(known.len(), WRITERS * (KEYS + 1), "every key was written");
}
