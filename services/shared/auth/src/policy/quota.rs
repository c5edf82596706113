//! Quotas: deny statements on what an account, or one maker in it, would have after a request, as Eucalyptus had them.
//!
//! A statement with a `murus:quota-...` condition is a quota statement: it denies, its quota keys are compared as
//! numbers, and it is never asked in the ordinary evaluation, where nobody has counted yet. The service that counts
//! asks [`exceeded`] inside the transaction that takes, so that two requests cannot both slip over.

use super::evaluate::{Kind, Policies, Request, StatementRef, Subjects, reference};
use serde::{Deserialize, Serialize};

macro_rules! quotas {
    ($($(#[$doc:meta])* $name:ident $key:literal;)*) => {
        /// What is counted, by its condition key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Quota { $($(#[$doc])* $name),* }

        impl Quota {
            /// All of them.
            pub const ALL: &'static [Quota] = &[$(Quota::$name),*];

            /// The condition key, in lower case.
            pub const fn key(self) -> &'static str {
                match self { $(Quota::$name => concat!("murus:quota-", $key)),* }
            }
        }
    };
}

quotas! {
    /// Instances that are not terminated.
    Instances "instances";
    /// Virtual CPUs of those instances.
    Vcpus "vcpus";
    /// Memory of those instances, in MiB.
    MemoryMib "memory-mib";
    /// Volumes.
    Volumes "volumes";
    /// Size of all volumes, in GiB.
    VolumeGib "volume-gib";
    /// Snapshots.
    Snapshots "snapshots";
    /// Elastic IP addresses.
    Addresses "addresses";
    /// Buckets.
    Buckets "buckets";
    /// Bytes in the one bucket that is written to.
    BucketBytes "bucket-bytes";
    /// Objects in the one bucket that is written to.
    BucketObjects "bucket-objects";
    /// IAM users.
    Users "users";
    /// IAM groups.
    Groups "groups";
    /// IAM roles.
    Roles "roles";
    /// Of the account's instances, those that one maker launched.
    OwnInstances "own-instances";
    /// Virtual CPUs of those instances.
    OwnVcpus "own-vcpus";
    /// Memory of those instances, in MiB.
    OwnMemoryMib "own-memory-mib";
    /// Volumes that one maker made, those of its launches included.
    OwnVolumes "own-volumes";
    /// Size of those volumes, in GiB.
    OwnVolumeGib "own-volume-gib";
    /// Snapshots that one maker took or imported.
    OwnSnapshots "own-snapshots";
    /// Elastic IP addresses that one maker allocated.
    OwnAddresses "own-addresses";
    /// Buckets that one maker created.
    OwnBuckets "own-buckets";
    /// IAM users that one maker created.
    OwnUsers "own-users";
    /// IAM groups that one maker created.
    OwnGroups "own-groups";
    /// IAM roles that one maker created.
    OwnRoles "own-roles";
}

/// What every quota's key begins with.
pub(super) const PREFIX: &str = "murus:quota-";

impl Quota {
    /// The quota of a condition key in lower case.
    pub(super) fn of_key(key: &str) -> Option<Quota> {
        Quota::ALL.iter().copied().find(|quota| quota.key() == key)
    }

    /// The quota on the same things where only those of one maker count; none where there is no such.
    pub const fn own(self) -> Option<Quota> {
        match self {
            Quota::Instances => Some(Quota::OwnInstances),
            Quota::Vcpus => Some(Quota::OwnVcpus),
            Quota::MemoryMib => Some(Quota::OwnMemoryMib),
            Quota::Volumes => Some(Quota::OwnVolumes),
            Quota::VolumeGib => Some(Quota::OwnVolumeGib),
            Quota::Snapshots => Some(Quota::OwnSnapshots),
            Quota::Addresses => Some(Quota::OwnAddresses),
            Quota::Buckets => Some(Quota::OwnBuckets),
            Quota::Users => Some(Quota::OwnUsers),
            Quota::Groups => Some(Quota::OwnGroups),
            Quota::Roles => Some(Quota::OwnRoles),
            // what is in a bucket is its bucket's, whoever put it there
            Quota::BucketBytes
            | Quota::BucketObjects
            | Quota::OwnInstances
            | Quota::OwnVcpus
            | Quota::OwnMemoryMib
            | Quota::OwnVolumes
            | Quota::OwnVolumeGib
            | Quota::OwnSnapshots
            | Quota::OwnAddresses
            | Quota::OwnBuckets
            | Quota::OwnUsers
            | Quota::OwnGroups
            | Quota::OwnRoles => None,
        }
    }
}

/// What is over: which quota, and the statement that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The first of the quotas that the statement names.
    pub quota: Quota,
    /// The statement.
    pub by: StatementRef,
}

impl Policies {
    /// Whether any of them sets a quota: without one nothing needs to be counted.
    pub fn set_quotas(&self) -> bool {
        self.by_kind().any(|(_, source)| source.policy.sets_quotas())
    }
}

/// The first quota statement that denies, once `counts` are what there would be after the request. Statements that
/// name a quota which is not counted here say nothing.
pub fn exceeded(req: &Request<'_>, policies: &Policies, counts: &[(Quota, u64)]) -> Option<Exceeded> {
    let mut context = req.context.clone();
    for (quota, count) in counts {
        context.insert(quota.key(), count.to_string());
    }
    let counted = Request { context: &context, ..*req };
    let subjects = Subjects::of(counted.action);
    let subject = subjects.subject(counted.resource, counted.keys());
    policies.by_kind().find_map(|(kind, source)| {
        source.policy.statements().iter().enumerate().find_map(|(index, statement)| {
            let named = statement.quotas();
            let all_counted = named.iter().all(|one| counts.iter().any(|(quota, _)| quota == one));
            let denies = !statement.allow && all_counted && statement.applies_as_quota(&subject);
            let quota = named.first().copied().filter(|_| denies)?;
            Some(Exceeded { quota, by: reference(kind, &source.name, index, statement) })
        })
    })
}

impl Policies {
    fn by_kind(&self) -> impl Iterator<Item = (Kind, &super::Source)> {
        let of = |kind: Kind| move |source| (kind, source);
        let identity = self.identity.iter().map(of(Kind::Identity));
        let boundary = self.boundary.iter().map(of(Kind::Boundary));
        identity.chain(boundary).chain(self.session.iter().map(of(Kind::Session)))
    }
}
