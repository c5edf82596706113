//! Buckets: whose they are and who may reach into them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acl::Acl;
use super::encryption::DefaultEncryption;
use super::lock::BucketLock;
use super::logging::Logging;
use super::tag::Tags;
use super::version::{VersionId, Versioning, Which};

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Canonical user id of the account.
    pub owner: String,
    /// 12 digits.
    pub account: String,
    /// When it was made.
    pub created: Timestamp,
    /// Who owns new objects; none after the controls were deleted, which means `ObjectWriter`.
    pub ownership: Option<Ownership>,
    /// What is blocked; none means nothing.
    pub block: Option<Block>,
    /// The policy's text.
    pub policy: Option<String>,
    /// Grants; without effect where the owner is enforced.
    pub acl: Acl,
    /// Whether versions are kept; none before that was ever asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Object lock, where it is on; then versioning is, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<BucketLock>,
    /// At most 50.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Only those are answered who agree to pay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Acceleration was switched off, as if it had ever been on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acceleration_suspended: bool,
    /// Whether it has a lifecycle, which is kept apart: few requests need its rules.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lifecycle: bool,
    /// How new objects are encrypted when the request does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<DefaultEncryption>,
    /// Where requests for it are logged, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}

store::json_value!(Bucket, version = 1);

impl Bucket {
    /// A bucket as AWS makes them since April 2023: no ACLs, nothing public.
    pub fn new(owner: &str, account: &str, created: Timestamp) -> Self {
        Bucket {
            owner: owner.into(),
            account: account.into(),
            created,
            ownership: Some(Ownership::BucketOwnerEnforced),
            block: Some(Block::ALL),
            policy: None,
            acl: Acl::private(owner),
            versioning: None,
            encryption: None,
            lock: None,
            tags: Tags::new(),
            requester_pays: false,
            acceleration_suspended: false,
            lifecycle: false,
            logging: None,
            creator: None,
        }
    }

    /// What is blocked.
    pub fn blocked(&self) -> Block {
        self.block.unwrap_or_default()
    }

    /// How replies call a version; nothing where versions were never kept.
    pub fn version_shown(&self, version: Option<VersionId>) -> Option<String> {
        self.versioning.map(|_| Which::from(version).to_string())
    }

    /// Whether ACLs have any effect.
    pub fn acls_enabled(&self) -> bool {
        self.ownership != Some(Ownership::BucketOwnerEnforced)
    }
}

/// Who owns new objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// The bucket's owner, and ACLs are off.
    BucketOwnerEnforced,
    /// The bucket's owner if the writer says `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// Whoever puts it.
    ObjectWriter,
}

impl Ownership {
    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ownership::BucketOwnerEnforced => "BucketOwnerEnforced",
            Ownership::BucketOwnerPreferred => "BucketOwnerPreferred",
            Ownership::ObjectWriter => "ObjectWriter",
        }
    }

    /// The setting of AWS's word.
    pub fn of(word: &str) -> Option<Ownership> {
        [Ownership::BucketOwnerEnforced, Ownership::BucketOwnerPreferred, Ownership::ObjectWriter]
            .into_iter()
            .find(|ownership| ownership.as_str() == word)
    }
}

/// The four flags of the public access block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Public ACLs are refused.
    pub public_acls: bool,
    /// Public ACLs have no effect.
    pub ignore_public_acls: bool,
    /// Public policies are refused.
    pub public_policy: bool,
    /// A public policy serves the bucket's own account only.
    pub restrict_public_buckets: bool,
}

impl Block {
    /// All of it: how buckets begin.
    pub const ALL: Block = Block {
        public_acls: true,
        ignore_public_acls: true,
        public_policy: true,
        restrict_public_buckets: true,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_was_stored_before_creators_were_noted_is_nobodys() {
        let mut bucket = Bucket::new("owner", "000000000001", Timestamp::UNIX_EPOCH);
        let stored = serde_json::to_string(&bucket).unwrap();
        assert!(!stored.contains("creator"), "{stored}");
        assert_eq!(serde_json::from_str::<Bucket>(&stored).unwrap(), bucket);
        bucket.creator = Some("AIDA1".into());
        let stored = serde_json::to_string(&bucket).unwrap();
        assert_eq!(serde_json::from_str::<Bucket>(&stored).unwrap(), bucket);
    }
}
