//! The `[object]` section of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::encryption::DefaultEncryption;
use crate::domain::upload::MIN_PART_BYTES;

/// How the object service keeps and serves objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Names under which S3 is reached, without port. A request to `<bucket>.<domain>` names its bucket in the host;
    /// `s3.<domain>` and `s3.<region>.<domain>` are the endpoint itself, too.
    pub domains: Vec<String>,
    /// Where larger objects are kept: directories on disks of any size, each on the one with most room. None means
    /// `<data_dir>/object/data` alone. A directory that objects lie in must not just be left out: drain it first.
    pub data_dirs: Vec<PathBuf>,
    /// Directories that take nothing new and are emptied onto the others.
    pub drain_dirs: Vec<PathBuf>,
    /// Objects up to this many bytes are kept in the index store, larger ones in files of their own. 0..=1048576.
    pub inline_max_bytes: u32,
    /// What of the index and of the objects in it is kept in memory, in MiB. 16..=65536.
    pub index_cache_mib: u32,
    /// Uploads are refused when they would leave less than this free on the disk of the data directory, in MiB, so
    /// that the index can go on and objects can be deleted.
    pub reserve_mib: u64,
    /// What new buckets begin with.
    pub new_bucket_defaults: NewBucketDefaults,
    /// A client that sends nothing of a body for this long is given up, in seconds. 1..=3600.
    pub body_timeout_s: u64,
    /// How new objects are encrypted when neither the request nor the bucket says: `none` or `AES256`.
    pub default_encryption: String,
    /// Take SSE-C's keys over plain HTTP, too: when something in front does the TLS, and for tests. AWS never does.
    pub sse_c_over_http: bool,
    /// How fast the scrubber reads, in MiB a second; 0 switches it off.
    pub scrub_mib_per_s: u32,
    /// All content is read once in so many seconds. At least 1.
    pub scrub_interval_s: u32,
    /// What a part has at least, unless it is the last, in bytes. 1..=5242880, which is AWS's; less is for trying out
    /// uploads of many parts.
    pub min_part_bytes: u64,
    /// How long the lifecycle's day is. 1..=86400; less than the default is for trying rules out.
    pub lifecycle_day_seconds: u64,
    /// How often access logs become objects in their target buckets, in seconds. 1..=86400.
    pub access_log_interval_s: u64,
}

/// What new buckets begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewBucketDefaults {
    /// AWS's since April 2023: the bucket's owner owns all objects, access control lists are off, nothing is public.
    #[default]
    Current,
    /// AWS's before: whoever puts an object owns it, access control lists count, nothing is blocked.
    Classic,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            domains: vec!["localhost".into()],
            data_dirs: Vec::new(),
            drain_dirs: Vec::new(),
            inline_max_bytes: 16 << 10,
            index_cache_mib: 64,
            reserve_mib: 256,
            new_bucket_defaults: NewBucketDefaults::default(),
            body_timeout_s: 60,
            default_encryption: "none".into(),
            sse_c_over_http: false,
            scrub_mib_per_s: 16,
            scrub_interval_s: 7 * 86_400,
            min_part_bytes: MIN_PART_BYTES,
            lifecycle_day_seconds: 86_400,
            access_log_interval_s: 300,
        }
    }
}

impl Config {
    /// The encryption of buckets that have none of their own.
    pub fn default_for_buckets(&self) -> Option<DefaultEncryption> {
        (self.default_encryption == "AES256").then_some(DefaultEncryption {
            kms: false,
            key: None,
            bucket_key: false,
        })
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// Names the value that is out of range.
    pub fn check(&self) -> Result<(), String> {
        if self.inline_max_bytes > 1 << 20 {
            return Err("[object] inline_max_bytes must be at most 1048576".into());
        }
        if !(16..=65_536).contains(&self.index_cache_mib) {
            return Err("[object] index_cache_mib must be 16 to 65536".into());
        }
        if !(1..=3600).contains(&self.body_timeout_s) {
            return Err("[object] body_timeout_s must be 1 to 3600".into());
        }
        if !["none", "AES256"].contains(&self.default_encryption.as_str()) {
            return Err("[object] default_encryption must be \"none\" or \"AES256\"".into());
        }
        if self.scrub_interval_s == 0 {
            return Err("[object] scrub_interval_s must be at least 1".into());
        }
        if !(1..=MIN_PART_BYTES).contains(&self.min_part_bytes) {
            return Err(format!("[object] min_part_bytes must be 1 to {MIN_PART_BYTES}"));
        }
        if !(1..=86_400).contains(&self.lifecycle_day_seconds) {
            return Err("[object] lifecycle_day_seconds must be 1 to 86400".into());
        }
        if !(1..=86_400).contains(&self.access_log_interval_s) {
            return Err("[object] access_log_interval_s must be 1 to 86400".into());
        }
        Ok(())
    }
}
