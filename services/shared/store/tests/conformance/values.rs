//! Indexes and format versions.

use serde::{Deserialize, Serialize};
use store::{Error, Index, IndexedTable, Read, Store, Table, json_value};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Disk {
    machine: Option<String>,
    zone: String,
    size_gib: u32,
}
json_value!(Disk, version = 1);

const DISKS: IndexedTable<u64, Disk> = IndexedTable::new("disks", &[&BY_MACHINE, &BY_ZONE]);
const BY_MACHINE: Index<u64, Disk, String> =
    Index::new("disks_by_machine", |_, disk| disk.machine.iter().cloned().collect());
const BY_ZONE: Index<u64, Disk, (String, u32)> =
    Index::new("disks_by_zone_and_size", |_, disk| vec![(disk.zone.clone(), disk.size_gib)]);

fn disk(machine: &str, zone: &str, size_gib: u32) -> Disk {
    let machine = (!machine.is_empty()).then(|| machine.to_string());
    Disk { machine, zone: zone.into(), size_gib }
}

pub async fn indexes_follow_every_write(store: Store) {
    let of = |store: &Store, machine: &str| {
        BY_MACHINE.keys(&store.snapshot().unwrap(), &machine.to_string()).unwrap()
    };
    let attach = store.transact(|tx| {
        tx.put(&DISKS, &1, &disk("m", "z", 1))?;
        tx.put(&DISKS, &2, &disk("m", "z", 2))?;
        tx.put(&DISKS, &3, &disk("", "z", 3))?;
        assert_eq!(BY_MACHINE.keys(tx, &"m".to_string())?, [1, 2]);
        Ok::<_, Error>(())
    });
    attach.await.unwrap();
    assert_eq!(of(&store, "m"), [1, 2]);
    let moved = store.transact(|tx| {
        tx.put(&DISKS, &1, &disk("n", "z", 1))?;
        tx.put(&DISKS, &1, &disk("o", "z", 1))?;
        tx.delete(&DISKS, &2)?;
        tx.put(&DISKS, &3, &disk("m", "z", 3))
    });
    moved.await.unwrap();
    assert_eq!((of(&store, "m"), of(&store, "n"), of(&store, "o")), (vec![3], vec![], vec![1]));
    let read = store.snapshot().unwrap();
    assert_eq!(BY_MACHINE.rows(&read, &DISKS, &"o".to_string()).unwrap(), [(1, disk("o", "z", 1))]);
    assert!(
        BY_MACHINE.any(&read, &"m".to_string()).unwrap() && !BY_MACHINE.any(&read, &"n".to_string()).unwrap()
    );
    const ENTRIES: Table<(String, u64), ()> = Table::new("disks_by_machine");
    assert_eq!(read.count(&ENTRIES), Ok(2));
}

pub async fn an_index_of_tuples_is_asked_by_first_components(store: Store) {
    let put = store.transact(|tx| {
        let sizes = [("a", 9), ("a", 300), ("b", 1)];
        sizes.iter().zip(1..).try_for_each(|((zone, size), n)| tx.put(&DISKS, &n, &disk("", zone, *size)))
    });
    put.await.unwrap();
    let read = store.snapshot().unwrap();
    assert_eq!(BY_ZONE.keys(&read, &"a".to_string()).unwrap(), [1, 2]);
    assert_eq!(BY_ZONE.keys(&read, &("a".to_string(), 300)).unwrap(), [2]);
}

pub async fn an_unknown_format_version_is_an_error(store: Store) {
    const AS_WRITTEN: Table<u64, Vec<u8>> = Table::new("plain_disks");
    const AS_READ: Table<u64, Disk> = Table::new("plain_disks");
    let put = store.transact(|tx| {
        tx.put(&AS_WRITTEN, &1, &[&[2], b"{}".as_slice()].concat())?;
        tx.put(&AS_WRITTEN, &2, &Vec::new())?;
        tx.put(&AS_WRITTEN, &3, &[&[1], b"{".as_slice()].concat())
    });
    put.await.unwrap();
    let read = store.snapshot().unwrap();
    assert!(matches!(read.get(&AS_READ, &1), Err(Error::UnknownVersion { found: 2, known: 1, .. })));
    assert!(matches!(read.get(&AS_READ, &2), Err(Error::UnknownVersion { found: 0, .. })));
    assert!(matches!(read.get(&AS_READ, &3), Err(Error::Value { .. })));
    assert!(read.scan(&AS_READ, ..).is_err());
}

/// The disk as a later release might have it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct NewDisk {
    machines: Vec<String>,
}
json_value!(NewDisk, version = 2, 1 => Disk);

impl From<Disk> for NewDisk {
    fn from(old: Disk) -> Self {
        NewDisk { machines: old.machine.into_iter().collect() }
    }
}

pub async fn an_old_format_version_is_converted(store: Store) {
    const OLD: Table<u64, Disk> = Table::new("versioned_disks");
    const NEW: Table<u64, NewDisk> = Table::new("versioned_disks");
    store.transact(|tx| tx.put(&OLD, &1, &disk("m", "z", 1))).await.unwrap();
    let expected = NewDisk { machines: vec!["m".into()] };
    assert_eq!(store.snapshot().unwrap().get(&NEW, &1).unwrap(), Some(expected));
    let rewrite = store.transact(|tx| {
        let disk = tx.get(&NEW, &1)?.expect("the row is there");
        tx.put(&NEW, &1, &disk)
    });
    rewrite.await.unwrap();
    assert!(matches!(store.snapshot().unwrap().get(&OLD, &1), Err(Error::UnknownVersion { found: 2, .. })));
}
