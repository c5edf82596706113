//! Users' passwords, which are never shown, and the account's rules for them.

use api_spec::iam::{
    self, ChangePassword, CreateLoginProfile, CreateLoginProfileResult, DeleteAccountPasswordPolicy,
    DeleteLoginProfile, GetAccountPasswordPolicy, GetAccountPasswordPolicyResult, GetLoginProfile,
    GetLoginProfileResult, UpdateAccountPasswordPolicy, UpdateLoginProfile,
};
use api_spec::{ApiError, Empty};
use auth::policy::{Policy, Principal};
use kit::dispatch::Serve;
use kit::{Access, Caller};
use zeroize::Zeroizing;

use super::access::who;
use crate::domain::entity::User;
use crate::domain::names;
use crate::domain::password::{LoginProfile, PasswordPolicy};
use crate::error::Error;
use crate::identity::Identity;
use crate::passwords::{Password, users_may_change};
use crate::store::{passwords, users};

fn view(user: &User, profile: &LoginProfile) -> iam::LoginProfile {
    iam::LoginProfile {
        user_name: user.name.clone(),
        create_date: profile.created.into(),
        password_reset_required: profile.reset_required,
    }
}

/// A password of a request.
fn taken(field: &str, password: Option<iam::Secret>) -> Result<Password, Error> {
    let password = Zeroizing::new(password.map(|secret| secret.0).unwrap_or_default());
    names::password(field, &password)?;
    Ok(password)
}

impl Serve<CreateLoginProfile> for Identity {
    async fn access(&self, op: &CreateLoginProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:CreateLoginProfile", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(
        &self,
        op: CreateLoginProfile,
        caller: &Caller,
    ) -> Result<CreateLoginProfileResult, ApiError> {
        let password = taken("password", op.password)?;
        let who = who(caller, op.user_name.as_deref())?;
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who)?;
        passwords::must_have_none(&read, &user)?;
        let hash = self.new_hash(&user, None, password).await?;
        let profile = LoginProfile::new(hash, self.clock.now(), op.password_reset_required.unwrap_or(false));
        let (made, account) = (profile.clone(), caller.account_id().to_owned());
        let user = self
            .db
            .note(move |tx| {
                let user = users::find(tx, &account, &who)?;
                passwords::create(tx, &user, &made)?;
                Ok::<_, Error>(user)
            })
            .await?;
        Ok(CreateLoginProfileResult { login_profile: view(&user, &profile) })
    }
}

impl Serve<GetLoginProfile> for Identity {
    async fn access(&self, op: &GetLoginProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:GetLoginProfile", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: GetLoginProfile, caller: &Caller) -> Result<GetLoginProfileResult, ApiError> {
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who(caller, op.user_name.as_deref())?)?;
        let profile = passwords::profile(&read, &user)?;
        Ok(GetLoginProfileResult { login_profile: view(&user, &profile) })
    }
}

impl Serve<UpdateLoginProfile> for Identity {
    async fn access(&self, op: &UpdateLoginProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:UpdateLoginProfile", caller, &op.user_name)
    }

    async fn handle(&self, op: UpdateLoginProfile, caller: &Caller) -> Result<Empty, ApiError> {
        let password = op.password.map(|password| taken("password", Some(password))).transpose()?;
        let read = self.db.read()?;
        let user = users::named(&read, caller.account_id(), &op.user_name)?;
        let profile = passwords::profile(&read, &user)?;
        let hash = match password {
            Some(password) => Some(self.new_hash(&user, Some(&profile), password).await?),
            None => None,
        };
        self.replace_password(user, profile, hash, op.password_reset_required).await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteLoginProfile> for Identity {
    async fn access(&self, op: &DeleteLoginProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:DeleteLoginProfile", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: DeleteLoginProfile, caller: &Caller) -> Result<Empty, ApiError> {
        let (account, who) = (caller.account_id().to_owned(), who(caller, op.user_name.as_deref())?);
        self.db
            .note(move |tx| {
                let user = users::find(tx, &account, &who)?;
                passwords::delete(tx, &user)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<ChangePassword> for Identity {
    /// The account's rules may let every user do it, as a policy on the user itself would; a denial still counts.
    async fn access(&self, _: &ChangePassword, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let principal = caller.principal();
        let access = Access::new("iam:ChangePassword", principal.arn());
        let Principal::User { .. } = principal else { return Ok(vec![access]) };
        let policy = passwords::policy(&self.db.read()?, caller.account_id())?;
        if !users_may_change(policy.as_ref()) {
            return Ok(vec![access]);
        }
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"AllowUsersToChangePassword","Effect":"Allow",
            "Principal":{{"AWS":"{}"}},"Action":"iam:ChangePassword","Resource":"*"}}]}}"#,
            principal.arn()
        );
        let allowing = Policy::parse_resource(&text).map_err(ApiError::internal)?;
        Ok(vec![access.owned_by(caller.account_id(), Some(allowing))])
    }

    async fn handle(&self, op: ChangePassword, caller: &Caller) -> Result<Empty, ApiError> {
        let Principal::User { id, name, .. } = caller.principal() else { return Err(Error::NotAUser.into()) };
        let (old, new) =
            (taken("oldPassword", Some(op.old_password))?, taken("newPassword", Some(op.new_password))?);
        let account = caller.account_id();
        let read = self.db.read()?;
        let user = users::by_id(&read, account, id)?.ok_or_else(|| Error::NoSuchUser(name.clone()))?;
        let profile = passwords::profile(&read, &user)?;
        let guessed_at = format!("password {account} {id}");
        self.attempt(&guessed_at)?;
        if !self.is_password(profile.hash.clone(), old).await? {
            return Err(Error::WrongOldPassword.into());
        }
        self.attempts.succeeded(&guessed_at);
        let hash = self.new_hash(&user, Some(&profile), new).await?;
        self.replace_password(user, profile, Some(hash), Some(false)).await?;
        Ok(Empty {})
    }
}

impl Serve<GetAccountPasswordPolicy> for Identity {
    async fn access(&self, _: &GetAccountPasswordPolicy, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetAccountPasswordPolicy", "*")])
    }

    async fn handle(
        &self,
        _: GetAccountPasswordPolicy,
        caller: &Caller,
    ) -> Result<GetAccountPasswordPolicyResult, ApiError> {
        let account = caller.account_id();
        let policy = passwords::policy(&self.db.read()?, account)?;
        let policy = policy.ok_or_else(|| Error::NoPasswordPolicy(account.to_owned()))?;
        Ok(GetAccountPasswordPolicyResult {
            password_policy: iam::PasswordPolicy {
                minimum_password_length: i32::from(policy.min_length),
                require_symbols: policy.symbols,
                require_numbers: policy.numbers,
                require_uppercase_characters: policy.uppercase,
                require_lowercase_characters: policy.lowercase,
                allow_users_to_change_password: policy.users_may_change,
                expire_passwords: policy.max_age_days.is_some(),
                max_password_age: policy.max_age_days.map(i32::from),
                password_reuse_prevention: policy.reuse_prevention.map(i32::from),
                hard_expiry: policy.hard_expiry,
            },
        })
    }
}

impl Serve<UpdateAccountPasswordPolicy> for Identity {
    async fn access(&self, _: &UpdateAccountPasswordPolicy, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:UpdateAccountPasswordPolicy", "*")])
    }

    async fn handle(&self, op: UpdateAccountPasswordPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        let policy = PasswordPolicy {
            min_length: number("minimumPasswordLength", op.minimum_password_length, 6, 128)?.unwrap_or(6),
            symbols: op.require_symbols.unwrap_or(false),
            numbers: op.require_numbers.unwrap_or(false),
            uppercase: op.require_uppercase_characters.unwrap_or(false),
            lowercase: op.require_lowercase_characters.unwrap_or(false),
            users_may_change: op.allow_users_to_change_password.unwrap_or(false),
            max_age_days: number("maxPasswordAge", op.max_password_age, 1, 1095)?,
            reuse_prevention: number("passwordReusePrevention", op.password_reuse_prevention, 1, 24)?,
            hard_expiry: op.hard_expiry.unwrap_or(false),
        };
        let account = caller.account_id().to_owned();
        // some may change their password now who could not, or the other way round
        self.db.change(move |tx| passwords::set_policy(tx, &account, &policy)).await?;
        Ok(Empty {})
    }
}

fn number(field: &str, given: Option<i32>, min: i32, max: i32) -> Result<Option<u16>, Error> {
    let Some(given) = given else { return Ok(None) };
    names::number(field, given, min, max)?;
    u16::try_from(given).map(Some).map_err(|error| Error::Corrupt(error.to_string()))
}

impl Serve<DeleteAccountPasswordPolicy> for Identity {
    async fn access(&self, _: &DeleteAccountPasswordPolicy, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:DeleteAccountPasswordPolicy", "*")])
    }

    async fn handle(&self, _: DeleteAccountPasswordPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| passwords::remove_policy(tx, &account)).await?;
        Ok(Empty {})
    }
}
