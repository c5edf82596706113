//! What IAM's actions access, as AWS's service authorization reference says: the ARN of the user, group, role or
//! policy with its path, and its tags. A name that is not there stands for an ARN at the root path.

use ::store::Read;
use api_spec::ApiError;
use auth::policy::Principal;
use kit::{Access, Caller};

use crate::domain::entity::{Group, Role, User};
use crate::domain::{arn, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::groups;
use crate::store::holder::Holder;
use crate::store::instance_profiles;
use crate::store::policies;
use crate::store::roles;
use crate::store::users::{self, Who};

type Accesses = Result<Vec<Access>, ApiError>;

/// The user that a request means: the one it names, or the caller.
pub fn who(caller: &Caller, name: Option<&str>) -> Result<Who, Error> {
    match (name, caller.principal()) {
        (Some(name), _) => Ok(Who::Named(name.to_owned())),
        (None, Principal::User { id, name, .. }) => Ok(Who::Itself { id: id.clone(), name: name.clone() }),
        (None, _) => Err(Error::MustNameUser),
    }
}

impl Identity {
    /// An action on a user that the request names.
    pub(super) fn on_user(&self, action: &str, caller: &Caller, name: &str) -> Accesses {
        self.on_who(action, caller, &Who::Named(name.to_owned()))
    }

    /// An action on a user that the request names, or the caller.
    pub(super) fn on_who(&self, action: &str, caller: &Caller, who: &Who) -> Accesses {
        let (read, account) = (self.db.read()?, caller.account_id());
        match users::find(&read, account, who) {
            Ok(user) => Ok(vec![user_access(action, &user)]),
            Err(Error::NoSuchUser(name)) => Ok(vec![Access::new(action, arn::user(account, "/", &name))]),
            Err(other) => Err(other.into()),
        }
    }

    /// An action on a group.
    pub(super) fn on_group(&self, action: &str, caller: &Caller, name: &str) -> Accesses {
        Ok(vec![Access::new(action, self.group_arn(caller, name)?)])
    }

    /// The ARN of a group as it is now.
    pub(super) fn group_arn(&self, caller: &Caller, name: &str) -> Result<String, ApiError> {
        let account = caller.account_id();
        match groups::named(&self.db.read()?, account, name) {
            Ok(group) => Ok(group.arn()),
            Err(Error::NoSuchGroup(name)) => Ok(arn::group(account, "/", &name)),
            Err(other) => Err(other.into()),
        }
    }

    /// An action on a role.
    pub(super) fn on_role(&self, action: &str, caller: &Caller, name: &str) -> Accesses {
        let account = caller.account_id();
        match roles::named(&self.db.read()?, account, name) {
            Ok(role) => Ok(vec![role_access(action, &role)]),
            Err(Error::NoSuchRole(name)) => Ok(vec![Access::new(action, arn::role(account, "/", &name))]),
            Err(other) => Err(other.into()),
        }
    }

    /// An action that changes somebody's policies: policies about it may ask which policy it is about
    /// (`iam:PolicyARN`) and which boundary the one that is changed has (`iam:PermissionsBoundary`).
    pub(super) fn on_policies_of<H: Target>(
        &self,
        action: &str,
        caller: &Caller,
        name: &str,
        policy: Option<&str>,
    ) -> Accesses {
        let accesses = H::access(self, action, caller, name)?;
        let holder = H::named(&self.db.read()?, caller.account_id(), name).ok();
        let boundary = holder.and_then(|holder| holder.permissions().boundary.clone());
        let keys = [("iam:PolicyARN", policy), ("iam:PermissionsBoundary", boundary.as_deref())];
        Ok(accesses.into_iter().map(|access| with_keys(access, &keys)).collect())
    }

    /// An action on an instance profile.
    pub(super) fn on_instance_profile(&self, action: &str, caller: &Caller, name: &str) -> Accesses {
        let account = caller.account_id();
        match instance_profiles::named(&self.db.read()?, account, name) {
            Ok(profile) => Ok(vec![tagged(Access::new(action, profile.arn()), &profile.tags)]),
            Err(Error::NoSuchInstanceProfile(name)) => {
                Ok(vec![Access::new(action, arn::instance_profile(account, "/", &name))])
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Looking at a managed policy: the account's own or one of AWS's.
    pub(super) fn on_policy(&self, action: &str, caller: &Caller, policy: &str) -> Accesses {
        let access = policy_access(&self.db.read()?, action, caller, policy)?;
        Ok(vec![match arn::parse_policy(policy) {
            Some(parts) if parts.account != "aws" => access.owned_by(parts.account, None),
            _ => access,
        }])
    }

    /// Changing a managed policy: nobody but its owner may, and nobody here owns AWS's.
    pub(super) fn on_own_policy(&self, action: &str, caller: &Caller, policy: &str) -> Accesses {
        let access = policy_access(&self.db.read()?, action, caller, policy)?;
        let owner = arn::parse_policy(policy).map_or("", |parts| parts.account);
        Ok(vec![access.owned_by(owner, None)])
    }
}

/// A holder of policies as what an action is about.
pub trait Target: Holder {
    /// An action on the holder of this name.
    fn access(identity: &Identity, action: &str, caller: &Caller, name: &str) -> Accesses;
}

impl Target for User {
    fn access(identity: &Identity, action: &str, caller: &Caller, name: &str) -> Accesses {
        identity.on_user(action, caller, name)
    }
}

impl Target for Group {
    fn access(identity: &Identity, action: &str, caller: &Caller, name: &str) -> Accesses {
        identity.on_group(action, caller, name)
    }
}

impl Target for Role {
    fn access(identity: &Identity, action: &str, caller: &Caller, name: &str) -> Accesses {
        identity.on_role(action, caller, name)
    }
}

fn with_keys(access: Access, keys: &[(&'static str, Option<&str>)]) -> Access {
    let known = keys.iter().filter_map(|(key, value)| Some((key, (*value)?)));
    known.fold(access, |access, (key, value)| access.key(*key, value))
}

/// Tags that a request takes away: `aws:TagKeys`.
pub fn untagging(accesses: Vec<Access>, keys: &[String]) -> Vec<Access> {
    let mut accesses = accesses;
    for access in &mut accesses {
        access.keys.insert_many("aws:TagKeys", keys);
    }
    accesses
}

/// An action on a user, with its tags.
pub fn user_access(action: &str, user: &User) -> Access {
    tagged(Access::new(action, user.arn()), &user.tags)
}

/// An action on a role, with its tags.
pub fn role_access(action: &str, role: &Role) -> Access {
    tagged(Access::new(action, role.arn()), &role.tags)
}

/// Making something, with tags: that needs the permission to tag, too.
pub fn creating(create: &str, tag: &str, arn: String, tags: &[calls::Tag]) -> Vec<Access> {
    let mut accesses = vec![Access::new(create, arn.clone()).request_tags(tags)];
    if !tags.is_empty() {
        accesses.push(Access::new(tag, arn).request_tags(tags));
    }
    accesses
}

fn policy_access(read: &impl Read, action: &str, caller: &Caller, policy: &str) -> Result<Access, Error> {
    names::policy_arn(policy)?;
    let access = Access::new(action, policy);
    match policies::customer(read, caller.account_id(), policy) {
        Ok(found) => Ok(tagged(access, &found.tags)),
        Err(Error::NoSuchPolicy(_)) => Ok(access),
        Err(other) => Err(other),
    }
}

/// What the thing that is accessed is tagged with.
pub fn tagged(access: Access, tags: &[calls::Tag]) -> Access {
    let mut access = access.resource_tags(tags);
    access.keys.insert_tags("iam:ResourceTag", tags.iter().map(|tag| (&tag.key, tag.value.as_str())));
    access
}
