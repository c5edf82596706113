//! Access keys: a new one's secret is shown in one reply and then kept sealed only.

use ::store::Read;
use api_spec::iam::{
    AccessKey, AccessKeyLastUsed, CreateAccessKey, CreateAccessKeyResult, DeleteAccessKey,
    GetAccessKeyLastUsed, GetAccessKeyLastUsedResult, ListAccessKeys, ListAccessKeysResult, Secret,
    UpdateAccessKey,
};
use api_spec::{ApiError, Empty};
use auth::policy::Principal;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::{user_access, who};
use super::paging::page;
use super::views;
use crate::domain::access_key::{self, Owner, Status};
use crate::domain::{ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::users::{self, Who};
use crate::store::{keys, usage};

/// Whose keys a request means: the user's that it names, or the caller's own, which may be a root.
struct Whose {
    account: String,
    /// None: the root.
    user: Option<Who>,
}

impl Whose {
    fn of(caller: &Caller, name: Option<String>) -> Result<Self, Error> {
        let account = caller.account_id().to_owned();
        match (&name, caller.principal()) {
            (None, Principal::Root { .. }) => Ok(Whose { account, user: None }),
            _ => Ok(Whose { account, user: Some(who(caller, name.as_deref())?) }),
        }
    }

    fn find(&self, read: &impl Read) -> Result<Owner, Error> {
        match &self.user {
            Some(who) => Ok(Owner::of(&users::find(read, &self.account, who)?)),
            None => Ok(Owner::root(&self.account)),
        }
    }
}

impl Identity {
    fn on_key_owner(
        &self,
        action: &str,
        caller: &Caller,
        name: Option<&str>,
    ) -> Result<Vec<Access>, ApiError> {
        match (name, caller.principal()) {
            (None, root @ Principal::Root { .. }) => Ok(vec![Access::new(action, root.arn())]),
            (name, _) => self.on_who(action, caller, &who(caller, name)?),
        }
    }
}

impl Serve<CreateAccessKey> for Identity {
    async fn access(&self, op: &CreateAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_owner("iam:CreateAccessKey", caller, op.user_name.as_deref())
    }

    async fn handle(&self, op: CreateAccessKey, caller: &Caller) -> Result<CreateAccessKeyResult, ApiError> {
        let (whose, limit) = (Whose::of(caller, op.user_name)?, self.config.max_access_keys_per_user);
        let (id, secret, now) = (ids::access_key(&self.random), ids::secret(&self.random), self.clock.now());
        let sealed_secret = self.sealer.seal(self.random.bytes(), &id, &secret)?;
        let made_id = id.clone();
        let owner = self
            .db
            .change(move |tx| {
                let owner = whose.find(tx)?;
                let key = access_key::AccessKey {
                    id: made_id.clone(),
                    account: owner.account.clone(),
                    user_id: owner.id.clone(),
                    sealed_secret: sealed_secret.clone(),
                    status: Status::Active,
                    created: now,
                };
                keys::create(tx, &owner, &key, limit)?;
                Ok(owner)
            })
            .await?;
        Ok(CreateAccessKeyResult {
            access_key: AccessKey {
                user_name: owner.name,
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
        self.on_key_owner("iam:ListAccessKeys", caller, op.user_name.as_deref())
    }

    async fn handle(&self, op: ListAccessKeys, caller: &Caller) -> Result<ListAccessKeysResult, ApiError> {
        let read = self.db.read()?;
        let owner = Whose::of(caller, op.user_name)?.find(&read)?;
        let all = keys::of(&read, &owner)?;
        let page = page(all, |key| key.id.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(ListAccessKeysResult {
            access_key_metadata: page.items.iter().map(|key| views::access_key(key, &owner)).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<UpdateAccessKey> for Identity {
    async fn access(&self, op: &UpdateAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_owner("iam:UpdateAccessKey", caller, op.user_name.as_deref())
    }

    async fn handle(&self, op: UpdateAccessKey, caller: &Caller) -> Result<Empty, ApiError> {
        names::access_key_id(&op.access_key_id)?;
        let status = Status::wanted(&op.status)?;
        let whose = Whose::of(caller, op.user_name)?;
        self.db
            .change(move |tx| {
                let owner = whose.find(tx)?;
                keys::set_status(tx, &owner, &op.access_key_id, status)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteAccessKey> for Identity {
    async fn access(&self, op: &DeleteAccessKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_owner("iam:DeleteAccessKey", caller, op.user_name.as_deref())
    }

    async fn handle(&self, op: DeleteAccessKey, caller: &Caller) -> Result<Empty, ApiError> {
        names::access_key_id(&op.access_key_id)?;
        let whose = Whose::of(caller, op.user_name)?;
        self.db
            .change(move |tx| {
                let owner = whose.find(tx)?;
                keys::delete(tx, &owner, &op.access_key_id)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<GetAccessKeyLastUsed> for Identity {
    async fn access(&self, op: &GetAccessKeyLastUsed, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "iam:GetAccessKeyLastUsed";
        let read = self.db.read()?;
        let found = keys::get(&read, &op.access_key_id)?.filter(|key| key.account == caller.account_id());
        let user = match &found {
            Some(key) => users::by_id(&read, &key.account, &key.user_id)?,
            None => None,
        };
        Ok(vec![match (user, found) {
            (Some(user), _) => user_access(action, &user),
            (None, Some(key)) => Access::new(action, format!("arn:aws:iam::{}:root", key.account)),
            (None, None) => Access::new(action, "*"),
        }])
    }

    async fn handle(
        &self,
        op: GetAccessKeyLastUsed,
        caller: &Caller,
    ) -> Result<GetAccessKeyLastUsedResult, ApiError> {
        names::access_key_id(&op.access_key_id)?;
        let read = self.db.read()?;
        let found = keys::get(&read, &op.access_key_id)?.filter(|key| key.account == caller.account_id());
        let key = found.ok_or_else(|| Error::NoSuchAccessKey(op.access_key_id.clone()))?;
        let user = users::by_id(&read, &key.account, &key.user_id)?;
        let last = usage::of_key(&read, &key.id)?;
        let or_none =
            |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "N/A".into());
        Ok(GetAccessKeyLastUsedResult {
            user_name: user.map(|user| user.name),
            access_key_last_used: AccessKeyLastUsed {
                last_used_date: last.as_ref().map(|last| last.at.into()),
                service_name: or_none(last.as_ref().map(|last| last.service.clone())),
                region: or_none(last.map(|last| last.region)),
            },
        })
    }
}
