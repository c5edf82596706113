//! This service's tables. The index is the truth: content that it does not refer to does not exist.
//!
//! [`OBJECTS`] holds the current object of every key; everything else that a key has is in [`VERSIONS`], keyed
//! `(bucket, key, age)`, so that lists of current objects are as fast as without versions.

pub mod buckets;
pub mod data;
pub mod lifecycle;
pub mod list;
pub mod objects;
pub mod places;
pub mod uploads;
pub mod usage;
pub mod version_list;
pub mod versions;

use store::{Index, IndexedTable, Table};

use self::data::SmallContent;
use self::usage::Usage;
use crate::domain::bucket::Bucket;
use crate::domain::cors::Cors;
use crate::domain::id::DataId;
use crate::domain::lifecycle::Lifecycle;
use crate::domain::object::{FileRow, Manifest, Object};
use crate::domain::scrub::{Finding, Round};
use crate::domain::upload::{Completed, Part, Upload};
use crate::domain::version::Version;

/// Bucket name -> bucket.
pub const BUCKETS: IndexedTable<String, Bucket> =
    IndexedTable::new("buckets", &[&BUCKETS_BY_ACCOUNT, &BUCKETS_BY_CREATOR]);
/// By account.
pub const BUCKETS_BY_ACCOUNT: Index<String, Bucket, String> =
    Index::new("buckets_by_account", |_, bucket| vec![bucket.account.clone()]);
/// By account and who made it, where that is known.
pub const BUCKETS_BY_CREATOR: Index<String, Bucket, (String, String)> =
    Index::new("buckets_by_creator", |_, bucket| {
        bucket.creator.iter().map(|creator| (bucket.account.clone(), creator.clone())).collect()
    });
/// Bucket name -> cross-origin rules.
pub const CORS: Table<String, Cors> = Table::new("cors");
/// (bucket, key) -> current object.
pub const OBJECTS: Table<(String, String), Object> = Table::new("objects");
/// (bucket, key, age) -> version that is not the current object, newest first.
pub const VERSIONS: Table<(String, String, u64), Version> = Table::new("versions");
/// (bucket, key) -> age of the `null` version, where that is not the current object.
pub const NULLS: Table<(String, String), u64> = Table::new("null_versions");
/// Small content with its checksum.
pub const SMALL: Table<DataId, SmallContent> = Table::new("small");
/// Bucket name -> its lifecycle, if it has one.
pub const LIFECYCLES: Table<String, Lifecycle> = Table::new("lifecycles");
/// Small content that was stored before there were checksums. Nothing new comes here.
pub const INLINE: Table<DataId, Vec<u8>> = Table::new("inline");
/// Files and how many refer to them.
pub const FILES: Table<DataId, FileRow> = Table::new("files");
/// Manifests and how many refer to them.
pub const MANIFESTS: Table<DataId, Manifest> = Table::new("manifests");
/// (bucket, key, upload id) -> upload under way.
pub const UPLOADS: Table<(String, String, String), Upload> = Table::new("uploads");
/// (upload id, part number) -> part.
pub const PARTS: Table<(String, u32), Part> = Table::new("parts");
/// Upload id -> how it ended.
pub const COMPLETED: Table<String, Completed> = Table::new("completed_uploads");
/// How far the scrubber is; one row.
pub const ROUNDS: Table<String, Round> = Table::new("scrub_rounds");
/// Bucket name -> what it holds, where a quota has asked.
pub const USAGES: Table<String, Usage> = Table::new("bucket_usages");
/// Content that is not what was written.
pub const FINDINGS: Table<DataId, Finding> = Table::new("scrub_findings");
/// Data directory -> what it is marked with.
pub const DISKS: Table<String, String> = Table::new("disks");
