//! The account's alias.

use api_spec::iam::{CreateAccountAlias, DeleteAccountAlias, ListAccountAliases, ListAccountAliasesResult};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use crate::domain::names;
use crate::identity::Identity;
use crate::store::accounts;

impl Serve<CreateAccountAlias> for Identity {
    async fn access(&self, _: &CreateAccountAlias, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:CreateAccountAlias", "*")])
    }

    async fn handle(&self, op: CreateAccountAlias, caller: &Caller) -> Result<Empty, ApiError> {
        names::account_alias(&op.account_alias)?;
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| accounts::set_alias(tx, &account, &op.account_alias)).await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteAccountAlias> for Identity {
    async fn access(&self, _: &DeleteAccountAlias, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:DeleteAccountAlias", "*")])
    }

    async fn handle(&self, op: DeleteAccountAlias, caller: &Caller) -> Result<Empty, ApiError> {
        names::account_alias(&op.account_alias)?;
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| accounts::remove_alias(tx, &account, &op.account_alias)).await?;
        Ok(Empty {})
    }
}

impl Serve<ListAccountAliases> for Identity {
    async fn access(&self, _: &ListAccountAliases, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:ListAccountAliases", "*")])
    }

    async fn handle(
        &self,
        op: ListAccountAliases,
        caller: &Caller,
    ) -> Result<ListAccountAliasesResult, ApiError> {
        let account = accounts::get(&self.db.read()?, caller.account_id())?;
        let all = account.alias.into_iter().collect();
        let page = page(all, String::clone, op.marker.as_deref(), op.max_items)?;
        Ok(ListAccountAliasesResult {
            account_aliases: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
