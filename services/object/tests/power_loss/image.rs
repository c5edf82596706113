//! Images of a disk that lost power, made of what is seen of it from outside.
//!
//! A file is synced before its record is written to the log, and a record before it is acknowledged or a file removed for
//! it. So after each acknowledgement all that is there will survive. An image has the log up to one of them and any pages
//! of what came next. The files that this record refers to are whole if any of it was written, else any pages of
//! them, or none. Files that were removed before are gone or not.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Random;

const PAGE: usize = 4096;
/// More than a run writes to the log.
const LOG_BYTES: u64 = 4 << 20;
const LOG: &str = "object/store/store.log";

/// What is seen of the disk at one moment.
pub struct Moment {
    log: Vec<u8>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Moment {
    /// Now.
    pub fn of(root: &Path) -> Moment {
        let read = |path: PathBuf| match std::fs::read(&path) {
            Ok(bytes) => Some((path.strip_prefix(root).unwrap().to_owned(), bytes)),
            // it may be collected while we look
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        };
        let data = root.join("object/data");
        let shards = std::fs::read_dir(data).unwrap().map(|shard| shard.unwrap().path());
        let names = |shard: PathBuf| std::fs::read_dir(shard).unwrap().map(|file| file.unwrap().path());
        let files = shards.filter(|shard| shard.is_dir()).flat_map(names).filter_map(read).collect();
        Moment { log: head_of(&root.join(LOG)), files }
    }
}

fn head_of(log: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    std::fs::File::open(log).unwrap().take(LOG_BYTES).read_to_end(&mut head).unwrap();
    assert!(
        head.len() < LOG_BYTES as usize || head.ends_with(&[0; PAGE]),
        "the run is too long for this test"
    );
    head
}

/// Copies what is below `from`; of the log, most of which is reserved and never written here, its beginning.
pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_tree(&entry.path(), &target),
            false if entry.path().ends_with(LOG) => std::fs::write(target, head_of(&entry.path())).unwrap(),
            // a file may be removed while we look
            false => drop(std::fs::copy(entry.path(), target)),
        }
    }
}

/// Makes an image of a copy of the first moment: all until moment `last`, and any of what came next.
pub fn image_of(copy: &Path, moments: &[Moment], last: usize, random: &mut Random) {
    let (until, next) = (&moments[..=last], moments.get(last + 1));
    let mut log = until[last].log.clone();
    let begun = next.is_some_and(|next| tear_log(&mut log, &next.log, random));
    std::fs::write(copy.join(LOG), &log).unwrap();
    let written: BTreeMap<_, _> = until.iter().flat_map(|moment| &moment.files).collect();
    for (name, bytes) in &written {
        let removed = !until[last].files.contains_key(*name);
        match removed && random.once_in(2) {
            true => drop(std::fs::remove_file(copy.join(name))),
            false => std::fs::write(copy.join(name), bytes).unwrap(),
        }
    }
    for (name, bytes) in next.into_iter().flat_map(|next| &next.files) {
        let target = copy.join(name);
        match begun {
            _ if written.contains_key(name) => {}
            true => std::fs::write(target, bytes).unwrap(),
            false => tear(&target, bytes.clone(), random),
        }
    }
}

/// Takes over any of the pages that were written next; says whether there were any.
fn tear_log(log: &mut [u8], next: &[u8], random: &mut Random) -> bool {
    let pages = log.chunks_mut(PAGE).zip(next.chunks(PAGE)).filter(|(old, new)| old != new);
    let mut any = false;
    for (old, new) in pages.filter(|_| random.once_in(2)) {
        old.copy_from_slice(new);
        any = true;
    }
    any
}

/// Of a file that was not synced: any of its pages, cut anywhere, or no file at all.
fn tear(target: &Path, mut bytes: Vec<u8>, random: &mut Random) {
    match random.below(4) {
        // the directory had not got it
        0 => return,
        1 => bytes.truncate(random.below(bytes.len() + 1)),
        _ => {}
    }
    for page in bytes.chunks_mut(PAGE) {
        if random.once_in(2) {
            page.fill(0);
        }
    }
    std::fs::write(target, bytes).unwrap();
}
