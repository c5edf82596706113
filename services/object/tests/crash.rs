//! `kill -9` of a process that writes: what it acknowledged is there and whole, nothing else is half there. Each writer
//! encrypts its objects in another way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{Sealed, World};

/// So many kills, unless the environment says otherwise.
const ROUNDS: u64 = 8;
const ROUNDS_VARIABLE: &str = "MURUS_CRASH_ROUNDS";
const WRITERS: usize = 4;
const KEYS: usize = 3;
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
        let world: &World = Box::leak(Box::new(World::at(Path::new(&root)).await));
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
        let key = (n as usize * 7 + writer) % KEYS;
        let path = format!("/bucket/{writer}-{key}");
        let deletes = n % 5 == 4;
        let op = if deletes { "del" } else { "put" };
        say(&format!("@try {op} {writer} {key} {n}\n"));
        match deletes {
            true => drop(world.delete(&path).await),
            false => drop(world.put_sealed(Sealed::ALL[writer], &path, &content(writer, n)).await.fine()),
        }
        say(&format!("@did {op} {writer} {key} {n}\n"));
    }
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
    let world = World::at(root).await;
    let mut files = 0;
    for ((writer, key), states) in known.iter_mut() {
        let reply = world.get_sealed(Sealed::ALL[*writer], &format!("/bucket/{writer}-{key}")).await;
        let found = match reply.status.as_u16() {
            404 => State::Absent,
            _ => {
                let body = reply.fine().body;
                let n: u64 = std::str::from_utf8(&body[4..16]).unwrap().parse().unwrap();
                assert_eq!(body, content(*writer, n), "torn content of {writer}-{key}");
                files += usize::from(body.len() > 16 << 10);
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
        let reading = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<_>>());
        tokio::time::sleep(Duration::from_millis(400 + round % 10 * 97)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reading.join().unwrap() {
            follow(&mut known, &line);
        }
        check(dir.path(), &mut known).await;
    }
    assert_eq!(known.len(), WRITERS * KEYS, "every key was written");
}
