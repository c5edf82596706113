//! Setting and checking passwords: the hashing is done apart from the threads that answer requests.

use zeroize::Zeroizing;

use crate::bootstrap::blocking;
use crate::domain::entity::User;
use crate::domain::password::{Hash, LoginProfile, PasswordPolicy, check_default, used_before};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{accounts, passwords};

/// A password on its way.
pub type Password = Zeroizing<String>;

impl Identity {
    /// The hash of a new password of a user, once it is what the account asks for. `profile` is what the user has.
    pub(crate) async fn new_hash(
        &self,
        user: &User,
        profile: Option<&LoginProfile>,
        password: Password,
    ) -> Result<Hash, Error> {
        let read = self.db.read()?;
        let policy = passwords::policy(&read, &user.account)?;
        match &policy {
            Some(policy) => policy.check(&password)?,
            None => {
                let account = accounts::get(&read, &user.account)?;
                let names: Vec<&str> = [Some(&account.name), account.alias.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .filter(|name| !name.is_empty())
                    .collect();
                check_default(&password, &names)?;
            }
        }
        let forbidden = match (&policy, profile) {
            (Some(policy), Some(profile)) => profile.forbidden(policy),
            _ => Vec::new(),
        };
        let salt = self.random.bytes();
        blocking(move || {
            for earlier in forbidden {
                if earlier.matches(&password)? {
                    return Err(used_before());
                }
            }
            Hash::new(&password, salt)
        })
        .await
    }

    /// Whether this is the password of the hash.
    pub(crate) async fn is_password(&self, hash: Hash, password: Password) -> Result<bool, Error> {
        blocking(move || hash.matches(&password)).await
    }

    /// Puts a new password in place of the one that `before` says; refused when another came in between.
    pub(crate) async fn replace_password(
        &self,
        user: User,
        before: LoginProfile,
        hash: Option<Hash>,
        reset_required: Option<bool>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        self.db
            .note(move |tx| {
                let mut profile = passwords::profile(tx, &user)?;
                if profile.hash != before.hash {
                    return Err(Error::TemporarilyUnmodifiable(user.name.clone()));
                }
                if let Some(hash) = hash.clone() {
                    profile.set(hash, now);
                }
                profile.reset_required = reset_required.unwrap_or(profile.reset_required);
                passwords::put(tx, &user, &profile)
            })
            .await
    }
}

/// Whether the account lets all of its users change their own password.
pub fn users_may_change(policy: Option<&PasswordPolicy>) -> bool {
    policy.is_some_and(|policy| policy.users_may_change)
}
