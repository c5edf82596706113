//! Access keys: a new one's secret is shown in one reply and then kept sealed only.

use api_spec::iam::{
    AccessKey, CreateAccessKey, CreateAccessKeyResult, DeleteAccessKey, ListAccessKeys, ListAccessKeysResult,
    Secret, UpdateAccessKey,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::who;
use super::paging::page;
use super::views;
use crate::domain::access_key::{self, Status};
use crate::domain::{ids, names};
use crate::identity::Identity;
use crate::store::{keys, users};

impl Serve<CreateAccessKey> for Identity {
    async fn access(&self, op: &CreateAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:CreateAccessKey", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: CreateAccessKey, caller: &Caller) -> Result<CreateAccessKeyResult, ApiError> {
        let who = who(caller, op.user_name.as_deref())?;
        let (account, limit) = (caller.account_id().to_owned(), self.config.max_access_keys_per_user);
        let (id, secret, now) = (ids::access_key(&self.random), ids::secret(&self.random), self.clock.now());
        let sealed_secret = self.sealer.seal(self.random.bytes(), &id, &secret)?;
        let made_id = id.clone();
        let user = self
            .db
            .change(move |tx| {
                let user = users::find(tx, &account, &who)?;
                let key = access_key::AccessKey {
                    id: made_id.clone(),
                    account: account.clone(),
                    user_id: user.id.clone(),
                    sealed_secret: sealed_secret.clone(),
                    status: Status::Active,
                    created: now,
                };
                keys::create(tx, &user, &key, limit)?;
                Ok(user)
            })
            .await?;
        Ok(CreateAccessKeyResult {
            access_key: AccessKey {
                user_name: user.name,
                access_key_id: id,
                status: Status::Active.as_str().to_owned(),
                secret_access_key: Secret(secret.reveal().to_owned()),
                create_date: now.into(),
            },
        })
    }
}

impl Serve<ListAccessKeys> for Identity {
    async fn access(&self, op: &ListAccessKeys, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:ListAccessKeys", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: ListAccessKeys, caller: &Caller) -> Result<ListAccessKeysResult, ApiError> {
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who(caller, op.user_name.as_deref())?)?;
        let all = keys::of_user(&read, &user)?;
        let page = page(all, |key| key.id.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(ListAccessKeysResult {
            access_key_metadata: page.items.iter().map(|key| views::access_key(key, &user)).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<UpdateAccessKey> for Identity {
    async fn access(&self, op: &UpdateAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:UpdateAccessKey", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: UpdateAccessKey, caller: &Caller) -> Result<Empty, ApiError> {
        names::access_key_id(&op.access_key_id)?;
        names::one_of("status", &op.status, Status::WORDS)?;
        let status = Status::from_word(&op.status).unwrap_or(Status::Inactive);
        let (account, who) = (caller.account_id().to_owned(), who(caller, op.user_name.as_deref())?);
        self.db
            .change(move |tx| {
                let user = users::find(tx, &account, &who)?;
                keys::set_status(tx, &user, &op.access_key_id, status)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteAccessKey> for Identity {
    async fn access(&self, op: &DeleteAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:DeleteAccessKey", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: DeleteAccessKey, caller: &Caller) -> Result<Empty, ApiError> {
        names::access_key_id(&op.access_key_id)?;
        let (account, who) = (caller.account_id().to_owned(), who(caller, op.user_name.as_deref())?);
        self.db
            .change(move |tx| {
                let user = users::find(tx, &account, &who)?;
                keys::delete(tx, &user, &op.access_key_id)
            })
            .await?;
        Ok(Empty {})
    }
}
