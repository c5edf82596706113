//! KMS: names for keys.

use api_spec::kms::{
    AliasListEntry, CreateAlias, DeleteAlias, ListAliases, ListAliasesResponse, UpdateAlias,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::kms_access::Use;
use super::kms_paging::page;
use crate::domain::kms_key::{KmsAlias, KmsKey};
use crate::domain::kms_names::alias_arn;
use crate::identity::Identity;
use crate::store::kms;

impl Identity {
    /// The action on the alias and on the key that it stands for now, if it stands for one.
    fn on_alias_and_target(
        &self,
        action: &str,
        caller: &Caller,
        name: &str,
    ) -> Result<Vec<Access>, ApiError> {
        let read = self.db.read()?;
        let mut accesses = vec![self.on_alias(action, caller, name)?];
        if let Some(alias) = kms::alias(&read, caller.account_id(), name)?
            && let Some(key) = kms::key(&read, &alias.key_id)?
        {
            accesses.push(self.key_access(&read, action, caller, &key, Use::default())?);
        }
        Ok(accesses)
    }

    /// A key of the caller's account that may get a name.
    fn nameable(&self, caller: &Caller, text: &str) -> Result<KmsKey, ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, text)?;
        if key.account != caller.account_id() {
            let arn = key.arn(&self.common.region);
            let missing = crate::domain::kms_error::KmsError::NotFound(format!("Key '{arn}' does not exist"));
            return Err(crate::error::Error::from(missing).into());
        }
        key.check_staying(&self.common.region).map_err(crate::error::Error::from)?;
        Ok(key)
    }
}

impl Serve<CreateAlias> for Identity {
    async fn access(&self, op: &CreateAlias, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = vec![self.on_alias("kms:CreateAlias", caller, &op.alias_name)?];
        accesses.extend(self.on_key_by_id("kms:CreateAlias", caller, &op.target_key_id)?);
        Ok(accesses)
    }

    async fn handle(&self, op: CreateAlias, caller: &Caller) -> Result<Empty, ApiError> {
        let key = self.nameable(caller, &op.target_key_id)?;
        let (region, now) = (self.common.region.clone(), self.clock.now());
        self.db.change(move |tx| kms::create_alias(tx, &region, &key, &op.alias_name, now)).await?;
        Ok(Empty {})
    }
}

impl Serve<UpdateAlias> for Identity {
    async fn access(&self, op: &UpdateAlias, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_alias_and_target("kms:UpdateAlias", caller, &op.alias_name)?;
        accesses.extend(self.on_key_by_id("kms:UpdateAlias", caller, &op.target_key_id)?);
        Ok(accesses)
    }

    async fn handle(&self, op: UpdateAlias, caller: &Caller) -> Result<Empty, ApiError> {
        let key = self.nameable(caller, &op.target_key_id)?;
        let (region, now) = (self.common.region.clone(), self.clock.now());
        self.db.change(move |tx| kms::update_alias(tx, &region, &key, &op.alias_name, now)).await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteAlias> for Identity {
    async fn access(&self, op: &DeleteAlias, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_alias_and_target("kms:DeleteAlias", caller, &op.alias_name)
    }

    async fn handle(&self, op: DeleteAlias, caller: &Caller) -> Result<Empty, ApiError> {
        let (region, account) = (self.common.region.clone(), caller.account_id().to_owned());
        self.db.change(move |tx| kms::delete_alias(tx, &region, &account, &op.alias_name)).await?;
        Ok(Empty {})
    }
}

impl Serve<ListAliases> for Identity {
    async fn access(&self, _: &ListAliases, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("kms:ListAliases", "*").key("kms:CallerAccount", caller.account_id())])
    }

    async fn handle(&self, op: ListAliases, caller: &Caller) -> Result<ListAliasesResponse, ApiError> {
        let (read, account) = (self.db.read()?, caller.account_id());
        let of = match &op.key_id {
            Some(text) => Some(self.kms_key_by_id(&read, caller, text)?.id),
            None => None,
        };
        let mut all = kms::aliases_of(&read, account)?;
        all.retain(|(_, alias)| of.as_ref().is_none_or(|id| alias.key_id == *id));
        let page = page(all, |(name, _)| name.clone(), op.marker.as_deref(), op.limit, 50)?;
        let entry = |(name, alias): (String, KmsAlias)| AliasListEntry {
            alias_arn: alias_arn(&self.common.region, account, &name),
            alias_name: name,
            target_key_id: Some(alias.key_id),
            creation_date: Some(alias.created.into()),
            last_updated_date: Some(alias.updated.into()),
        };
        Ok(ListAliasesResponse {
            aliases: page.items.into_iter().map(entry).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
