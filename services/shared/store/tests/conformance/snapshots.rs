//! A snapshot goes on showing its own commit, whatever is committed and put into the tree meanwhile: compared with a map,
//! on a log so small that both go on all the time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;
use store::engine::{LoggedEngine, RedbEngine};
use store::{Error, Read, Snapshot, Store, Table, Value, decode_key};

const WORDS: Table<u16, String> = Table::new("words");
const OTHERS: Table<u16, String> = Table::new("others");

type Model = BTreeMap<u16, String>;

#[derive(Clone, Debug)]
enum Step {
    /// One transaction: rows put, or deleted.
    Commit(Vec<(u16, Option<usize>)>),
    /// Keep a snapshot until the end.
    Keep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = (0u16..60, proptest::option::weighted(0.7, 0usize..3000));
    let step = prop_oneof![4 => vec(row, 1..12).prop_map(Step::Commit), 1 => Just(Step::Keep)];
    vec(step, 1..60)
}

async fn apply(store: &Store, model: &mut Model, rows: Vec<(u16, Option<usize>)>) {
    for (key, size) in &rows {
        match size {
            Some(size) => drop(model.insert(*key, "w".repeat(*size))),
            None => drop(model.remove(key)),
        }
    }
    let change = store.transact(move |tx| {
        for (key, size) in &rows {
            match size {
                Some(size) => tx.put(&WORDS, key, &"w".repeat(*size))?,
                None => drop(tx.delete(&WORDS, key)?),
            }
            tx.put(&OTHERS, key, &"o".repeat(100))?;
        }
        Ok::<_, Error>(())
    });
    change.await.unwrap();
}

/// Every way to read gives the model.
fn check(snapshot: &Snapshot, model: &Model) {
    let expected: Vec<_> = model.clone().into_iter().collect();
    assert_eq!(snapshot.scan(&WORDS, ..).unwrap(), expected);
    assert_eq!(snapshot.last(&WORDS).unwrap(), expected.last().cloned());
    for key in 0..60 {
        assert_eq!(snapshot.get(&WORDS, &key).unwrap().as_ref(), model.get(&key));
    }
    let middle: Vec<_> = model.range(20..40).map(|(key, word)| (*key, word.clone())).collect();
    assert_eq!(snapshot.scan(&WORDS, 20..40).unwrap(), middle);
    // seven at a time, where they lie
    let mut walk = snapshot.iter(&WORDS, ..).unwrap();
    let mut seen = Vec::new();
    loop {
        let before = seen.len();
        let see = |key: &[u8], value: &[u8]| {
            seen.push((decode_key::<u16>(key).unwrap(), String::from_bytes(value).unwrap()));
            if seen.len() == before + 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        walk.visit(see).unwrap();
        if seen.len() < before + 7 {
            break;
        }
    }
    assert_eq!(seen, expected);
    let others = snapshot.scan(&OTHERS, ..).unwrap();
    assert!(model.keys().all(|key| others.iter().any(|(other, _)| other == key)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_snapshot_shows_its_commit(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let log = tempfile::tempfile().unwrap();
            let engine = LoggedEngine::with_medium(RedbEngine::in_memory().unwrap(), log, 64 << 10).unwrap();
            let store = Store::with_engine(engine).unwrap();
            let (mut model, mut kept) = (Model::new(), Vec::new());
            for step in steps {
                match step {
                    Step::Commit(rows) => apply(&store, &mut model, rows).await,
                    Step::Keep => {
                        let snapshot = store.snapshot().unwrap();
                        // begun now, and finished when much has changed
                        let mut walk = snapshot.iter(&WORDS, ..).unwrap();
                        let first = walk.next().transpose().unwrap();
                        kept.push((snapshot, first, walk, model.clone()));
                    }
                }
                // while the last commit may be on its way into the tree
                check(&store.snapshot().unwrap(), &model);
            }
            for (snapshot, first, walk, model) in kept {
                check(&snapshot, &model);
                let rest = walk.map(Result::unwrap);
                assert_eq!(first.into_iter().chain(rest).collect::<Model>(), model);
            }
        });
    }
}
