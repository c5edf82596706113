//! Access control lists: who was granted what, canned lists, and what a grant lets its grantee do.

use serde::{Deserialize, Serialize};

/// Everyone, signed or not.
pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// Everyone with an AWS account.
pub const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// Who delivers access logs.
pub const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
/// Whom `aws-exec-read` lets read bundles of images. Nobody here is called so.
pub const EC2_BUNDLES_ID: &str = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/// The grants on a bucket or an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// At most 100.
    pub grants: Vec<Grant>,
}

/// One grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Who.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

/// Somebody who can be granted something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grantee {
    /// An account, by canonical user id.
    User(String),
    /// Everyone.
    AllUsers,
    /// Everyone who signs.
    AuthenticatedUsers,
    /// Log delivery.
    LogDelivery,
}

impl Grantee {
    /// The group of a URI.
    pub fn of_uri(uri: &str) -> Option<Grantee> {
        match uri {
            ALL_USERS => Some(Grantee::AllUsers),
            AUTHENTICATED_USERS => Some(Grantee::AuthenticatedUsers),
            LOG_DELIVERY => Some(Grantee::LogDelivery),
            _ => None,
        }
    }
}

/// What can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// All of them.
    FullControl,
    /// Read an object, list a bucket.
    Read,
    /// Put objects into a bucket.
    Write,
    /// Read the list itself.
    ReadAcp,
    /// Write the list itself.
    WriteAcp,
}

impl Permission {
    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::FullControl => "FULL_CONTROL",
            Permission::Read => "READ",
            Permission::Write => "WRITE",
            Permission::ReadAcp => "READ_ACP",
            Permission::WriteAcp => "WRITE_ACP",
        }
    }

    /// The permission of AWS's word.
    pub fn of(word: &str) -> Option<Permission> {
        [
            Permission::FullControl,
            Permission::Read,
            Permission::Write,
            Permission::ReadAcp,
            Permission::WriteAcp,
        ]
        .into_iter()
        .find(|permission| permission.as_str() == word)
    }
}

/// How somebody is named by a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// As a member of a group: that is enough.
    Group,
    /// The account by its id: the account's own policies must allow, too.
    Account,
}

impl Acl {
    /// The owner's alone.
    pub fn private(owner: &str) -> Acl {
        Acl { grants: vec![grant(Grantee::User(owner.into()), Permission::FullControl)] }
    }

    /// A canned list; none when there is none of that name. `bucket_owner` matters for objects only.
    pub fn canned(name: &str, owner: &str, bucket_owner: Option<&str>) -> Option<Acl> {
        let mut acl = Acl::private(owner);
        let others = bucket_owner.filter(|other| *other != owner);
        let more = match (name, bucket_owner) {
            ("private", _) => vec![],
            ("public-read", _) => vec![grant(Grantee::AllUsers, Permission::Read)],
            ("public-read-write", _) => {
                vec![grant(Grantee::AllUsers, Permission::Read), grant(Grantee::AllUsers, Permission::Write)]
            }
            ("authenticated-read", _) => vec![grant(Grantee::AuthenticatedUsers, Permission::Read)],
            ("log-delivery-write", None) => vec![
                grant(Grantee::LogDelivery, Permission::Write),
                grant(Grantee::LogDelivery, Permission::ReadAcp),
            ],
            ("aws-exec-read", _) => vec![grant(Grantee::User(EC2_BUNDLES_ID.into()), Permission::Read)],
            // on a bucket these two are accepted and mean nothing
            ("bucket-owner-read", _) => {
                others.map(|o| grant(Grantee::User(o.into()), Permission::Read)).into_iter().collect()
            }
            ("bucket-owner-full-control", _) => {
                others.map(|o| grant(Grantee::User(o.into()), Permission::FullControl)).into_iter().collect()
            }
            _ => return None,
        };
        acl.grants.extend(more);
        Some(acl)
    }

    /// Whether anybody besides known accounts is granted anything.
    pub fn is_public(&self) -> bool {
        self.grants.iter().any(|g| matches!(g.grantee, Grantee::AllUsers | Grantee::AuthenticatedUsers))
    }

    /// Whether it grants anything to anybody but this account.
    pub fn names_others_than(&self, owner: &str) -> bool {
        self.grants.iter().any(|g| !matches!(&g.grantee, Grantee::User(id) if id == owner))
    }

    /// Whether the log-delivery group is granted `wanted`.
    pub fn grants_log_delivery(&self, wanted: Permission) -> bool {
        let gives = |g: &Grant| g.permission == wanted || g.permission == Permission::FullControl;
        self.grants.iter().any(|g| g.grantee == Grantee::LogDelivery && gives(g))
    }

    /// How `user` (empty for anonymous) is granted `wanted`, if at all. Groups count only where `public`.
    pub fn grants(&self, wanted: Permission, user: &str, public: bool) -> Option<Named> {
        let gives = |g: &&Grant| g.permission == wanted || g.permission == Permission::FullControl;
        let mut named = None;
        for grant in self.grants.iter().filter(gives) {
            match &grant.grantee {
                Grantee::AllUsers if public => return Some(Named::Group),
                Grantee::AuthenticatedUsers if public && !user.is_empty() => return Some(Named::Group),
                Grantee::User(id) if id == user && !user.is_empty() => named = Some(Named::Account),
                _ => {}
            }
        }
        named
    }
}

fn grant(grantee: Grantee, permission: Permission) -> Grant {
    Grant { grantee, permission }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canned_lists_grant_what_their_names_say() {
        let acl = |name| Acl::canned(name, "me", Some("them")).unwrap();
        assert_eq!(acl("private").grants(Permission::Read, "", true), None);
        assert_eq!(acl("private").grants(Permission::Read, "me", true), Some(Named::Account));
        assert_eq!(acl("public-read").grants(Permission::Read, "", true), Some(Named::Group));
        assert_eq!(acl("public-read").grants(Permission::Read, "", false), None);
        assert_eq!(acl("public-read").grants(Permission::Write, "", true), None);
        assert_eq!(acl("authenticated-read").grants(Permission::Read, "", true), None);
        assert_eq!(acl("authenticated-read").grants(Permission::Read, "any", true), Some(Named::Group));
        assert_eq!(acl("bucket-owner-read").grants(Permission::Read, "them", true), Some(Named::Account));
        assert!(acl("public-read-write").is_public() && !acl("bucket-owner-full-control").is_public());
        assert_eq!(Acl::canned("made-up", "me", None), None);
    }
}
