//! What KMS's actions access: the key with its policy, which must allow in any case, and what conditions may ask.

use std::collections::BTreeMap;

use ::store::Read;
use api_spec::ApiError;
use kit::{Access, Caller};

use crate::domain::kms_error::KmsError;
use crate::domain::kms_key::KmsKey;
use crate::domain::kms_names::{self, KeyRef, alias_arn, key_arn, key_ref};
use crate::domain::kms_policy;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

type Accesses = Result<Vec<Access>, ApiError>;

/// A key that a request means, found or not.
pub enum Found {
    /// There it is.
    Key(Box<KmsKey>),
    /// There is none.
    Nothing {
        /// The account it would be of.
        account: String,
        /// The ARN that it would have.
        arn: String,
        /// How its absence is told.
        error: Error,
    },
}

/// What is known of a use of a key besides who and which.
#[derive(Clone, Copy, Default)]
pub struct Use<'a> {
    /// The encryption context.
    pub context: Option<&'a BTreeMap<String, String>>,
    /// The service that asks for its caller: `s3.us-east-1.amazonaws.com`.
    pub via: Option<&'a str>,
}

impl Identity {
    /// Finds what `text` means to somebody of `account`.
    pub(super) fn kms_find(&self, read: &impl Read, account: &str, text: &str) -> Result<Found, Error> {
        let (owner, id) = match key_ref(text, &self.common.region, account)? {
            KeyRef::Key { account, id } => (account, id),
            KeyRef::Alias { account, name } => match kms::alias(read, &account, &name)? {
                Some(alias) => (account, alias.key_id),
                None => {
                    let arn = alias_arn(&self.common.region, &account, &name);
                    let error = kms::no_alias(&self.common.region, &account, &name);
                    return Ok(Found::Nothing { account, arn, error });
                }
            },
        };
        match kms::key(read, &id)?.filter(|key| key.account == owner) {
            Some(key) => Ok(Found::Key(Box::new(key))),
            None => {
                let arn = key_arn(&self.common.region, &owner, &id);
                let error = KmsError::NotFound(format!("Key '{arn}' does not exist")).into();
                Ok(Found::Nothing { account: owner, arn, error })
            }
        }
    }

    /// The key that `text` means, whatever kind of name it is.
    pub(super) fn kms_key(&self, read: &impl Read, caller: &Caller, text: &str) -> Result<KmsKey, Error> {
        match self.kms_find(read, caller.account_id(), text)? {
            Found::Key(key) => Ok(*key),
            Found::Nothing { error, .. } => Err(error),
        }
    }

    /// The key of this id or ARN: where AWS takes no alias.
    pub(super) fn kms_key_by_id(
        &self,
        read: &impl Read,
        caller: &Caller,
        text: &str,
    ) -> Result<KmsKey, Error> {
        no_alias(text)?;
        self.kms_key(read, caller, text)
    }

    /// An action on the key that `text` means.
    pub(super) fn on_key(&self, action: &str, caller: &Caller, text: &str) -> Accesses {
        self.on_key_for(action, caller, text, Use::default())
    }

    /// An action on the key of this id or ARN.
    pub(super) fn on_key_by_id(&self, action: &str, caller: &Caller, text: &str) -> Accesses {
        no_alias(text)?;
        self.on_key(action, caller, text)
    }

    /// A use of the key that `text` means.
    pub(super) fn on_key_for(&self, action: &str, caller: &Caller, text: &str, how: Use<'_>) -> Accesses {
        let read = self.db.read()?;
        let access = match self.kms_find(&read, caller.account_id(), text)? {
            Found::Key(key) => {
                let access = self.key_access(&read, action, caller, &key, how)?;
                let alias =
                    text.rsplit_once(":alias/").map_or(text.strip_prefix("alias/"), |(_, name)| Some(name));
                match alias {
                    // a stranger must not learn which key is behind the alias
                    Some(name) if key.account != caller.account_id() => {
                        access.key("kms:RequestAlias", format!("alias/{name}")).called(text)
                    }
                    Some(name) => access.key("kms:RequestAlias", format!("alias/{name}")),
                    None => access,
                }
            }
            Found::Nothing { account, arn, .. } => Access::new(action, arn).owned_by(account, None),
        };
        Ok(vec![access])
    }

    /// A use of this key.
    pub(super) fn key_access(
        &self,
        read: &impl Read,
        action: &str,
        caller: &Caller,
        key: &KmsKey,
        how: Use<'_>,
    ) -> Result<Access, Error> {
        let policy = kms_policy::compile(&key.policy)
            .map_err(|error| Error::Corrupt(format!("the policy of key {}: {error}", key.id)))?;
        let mut access = Access::new(action, key.arn(&self.common.region))
            .key("kms:CallerAccount", caller.account_id())
            .key("kms:KeySpec", "SYMMETRIC_DEFAULT")
            .key("kms:KeyUsage", "ENCRYPT_DECRYPT")
            .key("kms:KeyOrigin", "AWS_KMS")
            .key("kms:MultiRegion", "false")
            .key("aws:ResourceAccount", &key.account)
            .resource_tags(&key.tags)
            .key_of(&key.account, policy);
        access.keys.insert_many("kms:ResourceAliases", kms::names_of(read, &key.id)?);
        if let Some(via) = how.via {
            access.keys.insert("kms:ViaService", via);
        }
        if let Some(context) = how.context {
            access.keys.insert_many("kms:EncryptionContextKeys", context.keys());
            access.keys.insert_tags("kms:EncryptionContext", context.iter().map(|(k, v)| (k, v.as_str())));
            access.keys.insert("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        Ok(access)
    }

    /// An action on an alias of the caller's account.
    pub(super) fn on_alias(&self, action: &str, caller: &Caller, name: &str) -> Result<Access, Error> {
        kms_names::alias(name)?;
        let account = caller.account_id();
        Ok(Access::new(action, alias_arn(&self.common.region, account, name))
            .key("kms:CallerAccount", account)
            .owned_by(account, None))
    }
}

/// Refuses an alias where only a key's own name will do.
fn no_alias(text: &str) -> Result<(), Error> {
    match text.starts_with("alias/") || text.contains(":alias/") {
        true => Err(KmsError::NotFound(format!("Invalid keyId '{text}'")).into()),
        false => Ok(()),
    }
}
