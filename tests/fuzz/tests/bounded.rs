//! The fuzz targets, bounded: every file of the corpus as it stands, and some thousand changes of each.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fuzz_targets::{TARGETS, Target};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Changed inputs of each target.
const CASES: u32 = 4000;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// One of the corpus, with bytes changed, cut out, doubled, or put in.
fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..5, any::<u8>());
    (prop::sample::select(seeds), prop::collection::vec(change, 1..6)).prop_map(|(mut bytes, changes)| {
        for (from, to, kind, byte) in changes {
            if bytes.is_empty() {
                bytes.push(byte);
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let (from, to) = (from.min(to), from.max(to));
            match kind {
                0 => bytes[from] = byte,
                1 => drop(bytes.drain(from..to)),
                2 => {
                    let again = bytes[from..to].to_vec();
                    bytes.splice(from..from, again);
                }
                3 => bytes.insert(from, byte),
                _ => bytes.swap(from, to),
            }
            bytes.truncate(64 << 10);
        }
        bytes
    })
}

fn run(name: &str, target: Target) {
    let seeds = corpus(name);
    seeds.iter().for_each(|seed| target(seed));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    runner
        .run(&changed(seeds), |bytes| {
            target(&bytes);
            Ok(())
        })
        .unwrap();
    runner
        .run(&prop::collection::vec(any::<u8>(), 0..200), |bytes| {
            target(&bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_break_the_doors() {
    for (name, target) in TARGETS {
        run(name, target);
    }
}

/// The corpus reaches behind the first refusal; else fuzzing it shows nothing.
#[test]
fn the_corpus_has_what_is_accepted() {
    use auth::policy::Policy;
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    assert!(corpus("policy").iter().any(|seed| Policy::parse(&text(seed)).is_ok()));
    let query = |seed: &Vec<u8>| {
        let tree = api_spec::protocol::query::parse(&text(seed)).ok()?;
        tree.decode::<api_spec::ec2::run_instances::RunInstances>().ok()
    };
    assert!(corpus("query").iter().any(|seed| query(seed).is_some()));
    let policies = corpus("post-policy");
    let read =
        |seed: &Vec<u8>| object::domain::post_policy::PostPolicy::parse(&STANDARD.encode(seed)).is_ok();
    assert!(policies.iter().any(read));
    let form = &corpus("form")[0];
    assert!(
        fuzz_targets::parts(std::iter::once(&form[1..]))
            .is_some_and(|(parts, ended)| parts.len() == 2 && ended)
    );
    let read = |seed: &Vec<u8>| api_spec::s3::read::<api_spec::s3::object::Delete>(seed, "Delete").is_ok();
    assert!(corpus("xml").iter().any(read));
}

/// `fuzz/` is outside the workspace: nothing else would notice that a target is missing there.
#[test]
fn every_target_can_be_run_without_end() {
    let folder = format!("{}/../../fuzz", env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let path = format!("fuzz_targets/{}.rs", name.replace('-', "_"));
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"{path}\"")),
            "{name} is not in {folder}"
        );
        let text = std::fs::read_to_string(format!("{folder}/{path}")).unwrap();
        assert!(text.contains("libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::"), "{path}");
    }
}
