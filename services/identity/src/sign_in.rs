//! Signing in with a password, for a console: who may go on, and who must prove or change what first.
//!
//! Nothing tells a user that is not there from a wrong password: neither the answer nor the time that it takes.
//! Attempts are limited for the user and for the source, with waits that double.

use calls::identity::{SignIn, SignedIn};
use zeroize::Zeroizing;

use crate::domain::entity::{Account, User};
use crate::domain::password::{Hash, LoginProfile};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{accounts, mfa, passwords, users};

/// Somebody who could sign in.
struct Candidate {
    user: User,
    profile: LoginProfile,
}

impl Identity {
    /// Checks a sign-in.
    pub(crate) async fn sign_in(&self, call: SignIn) -> Result<SignedIn, Error> {
        let by_user = format!("sign-in {}/{}", self.account_meant(&call)?, call.user_name.to_lowercase());
        let by_source = format!("sign-in from {}", call.source_ip.as_deref().unwrap_or("-"));
        // a source that has to wait must not make the user wait, too
        for guessed_at in [&by_source, &by_user] {
            if let Err(Error::TooManyAttempts { seconds }) = self.attempt(guessed_at) {
                return Ok(SignedIn::TooManyAttempts { seconds });
            }
        }
        let candidate = self.candidate(&call)?;
        let hash = match &candidate {
            Some(candidate) => candidate.profile.hash.clone(),
            None => Hash::of_nobody(self.random.bytes()),
        };
        let right = self.is_password(hash, Zeroizing::new(call.password.clone())).await?;
        let Some(candidate) = candidate.filter(|_| right) else { return Ok(SignedIn::Refused) };
        let answer = self.second_step(candidate, call).await?;
        if matches!(answer, SignedIn::As { .. }) {
            self.attempts.succeeded(&by_user);
            self.attempts.succeeded(&by_source);
        }
        Ok(answer)
    }

    /// What attempts are counted by: an account and its alias are one.
    fn account_meant(&self, call: &SignIn) -> Result<String, Error> {
        let account = accounts::by_id_or_alias(&self.db.read()?, &call.account)?;
        Ok(account.map_or_else(|| call.account.clone(), |account| account.id))
    }

    fn candidate(&self, call: &SignIn) -> Result<Option<Candidate>, Error> {
        let read = self.db.read()?;
        let open = |account: &Account| !account.closing;
        let Some(account) = accounts::by_id_or_alias(&read, &call.account)?.filter(open) else {
            return Ok(None);
        };
        let user = match users::named(&read, &account.id, &call.user_name) {
            Ok(user) => user,
            Err(Error::NoSuchUser(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        Ok(passwords::find(&read, &user)?.map(|profile| Candidate { user, profile }))
    }

    /// The password was right: is it enough?
    async fn second_step(&self, candidate: Candidate, call: SignIn) -> Result<SignedIn, Error> {
        let Candidate { user, profile } = candidate;
        if !mfa::of_user(&self.db.read()?, &user)?.is_empty() {
            let Some(code) = &call.mfa_code else { return Ok(SignedIn::MfaRequired) };
            match self.use_mfa_code(&user.account, &user.id, None, code).await {
                Ok(()) => {}
                Err(Error::MfaFailed(_)) => return Ok(SignedIn::Refused),
                Err(Error::TooManyAttempts { seconds }) => return Ok(SignedIn::TooManyAttempts { seconds }),
                Err(other) => return Err(other),
            }
        }
        let policy = passwords::policy(&self.db.read()?, &user.account)?;
        let now = self.clock.now();
        let expires = policy.as_ref().and_then(|policy| profile.expires(policy));
        let expired = expires.is_some_and(|at| at <= now);
        if expired && policy.is_some_and(|policy| policy.hard_expiry) {
            return Ok(SignedIn::PasswordExpired);
        }
        if expired || profile.reset_required {
            let Some(new) = call.new_password else { return Ok(SignedIn::PasswordChangeRequired) };
            if new == call.password {
                return Ok(SignedIn::PasswordRefused { why: "The new password must be another one".into() });
            }
            let hash = match self.new_hash(&user, Some(&profile), Zeroizing::new(new)).await {
                Ok(hash) => hash,
                Err(Error::PasswordPolicyViolation(why)) => return Ok(SignedIn::PasswordRefused { why }),
                Err(other) => return Err(other),
            };
            self.replace_password(user.clone(), profile, Some(hash), Some(false)).await?;
        }
        let signed_in = user.clone();
        self.db
            .note(move |tx| {
                let mut profile = passwords::profile(tx, &signed_in)?;
                profile.last_used = Some(now);
                passwords::put(tx, &signed_in, &profile)
            })
            .await?;
        let arn = user.arn();
        Ok(SignedIn::As { account_id: user.account, user_id: user.id, user_name: user.name, arn })
    }
}
