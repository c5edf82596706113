//! The accounts of the installation, for its operator: principals of the installation's own account whose policies
//! allow `murus:CreateAccount` and so on. `iam:*` does not.

use api_spec::iam::{
    CreateMurusAccount, CreateMurusAccountResult, DeleteMurusAccount, ListMurusAccounts,
    ListMurusAccountsResult, MurusAccount, RotateMurusMasterKey, RotateMurusMasterKeyResult, Secret,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use crate::domain::access_key::{AccessKey, Owner, Status};
use crate::domain::entity::Account;
use crate::domain::{ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{accounts, keys};

impl Identity {
    /// An action on an account, or on all of them, which the operator alone may do: others cannot even be allowed to.
    fn on_account(&self, action: &str, caller: &Caller, id: &str) -> Result<Vec<Access>, ApiError> {
        self.as_operator(action, caller, &format!("account/{id}"))
    }

    fn as_operator(&self, action: &str, caller: &Caller, resource: &str) -> Result<Vec<Access>, ApiError> {
        let operator = accounts::installation(&self.db.read()?)?.unwrap_or_default();
        if caller.account_id() != operator {
            return Err(Error::NotTheOperator.into());
        }
        let arn = format!("arn:aws:murus::{operator}:{resource}");
        Ok(vec![Access::new(action, arn).owned_by(operator, None)])
    }
}

impl Serve<CreateMurusAccount> for Identity {
    async fn access(&self, _: &CreateMurusAccount, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_account("murus:CreateAccount", caller, "*")
    }

    async fn handle(&self, op: CreateMurusAccount, _: &Caller) -> Result<CreateMurusAccountResult, ApiError> {
        names::user_name("accountName", &op.account_name)?;
        let now = self.clock.now();
        let account = Account {
            id: ids::account(&self.random),
            canonical_user_id: ids::canonical_user(&self.random),
            alias: None,
            created: now,
            name: op.account_name,
            closing: false,
        };
        let (id, secret) = (ids::access_key(&self.random), ids::secret(&self.random));
        let root = Owner::root(&account.id);
        let key = AccessKey {
            sealed_secret: self.sealer.seal(self.random.bytes(), &id, &secret)?,
            id: id.clone(),
            account: account.id.clone(),
            user_id: root.id.clone(),
            status: Status::Active,
            created: now,
        };
        let made = account.clone();
        self.db
            .change(move |tx| {
                accounts::create(tx, &made)?;
                keys::create(tx, &root, &key, usize::MAX)
            })
            .await?;
        Ok(CreateMurusAccountResult {
            account_id: account.id,
            canonical_user_id: account.canonical_user_id,
            access_key_id: id,
            secret_access_key: Secret(secret.reveal().to_owned()),
        })
    }
}

impl Serve<ListMurusAccounts> for Identity {
    async fn access(&self, _: &ListMurusAccounts, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_account("murus:ListAccounts", caller, "*")
    }

    async fn handle(&self, op: ListMurusAccounts, _: &Caller) -> Result<ListMurusAccountsResult, ApiError> {
        let all = accounts::list(&self.db.read()?)?;
        let page = page(all, |account| account.id.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(ListMurusAccountsResult {
            accounts: page.items.into_iter().map(view).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn view(account: Account) -> MurusAccount {
    MurusAccount {
        state: if account.closing { "CLOSING" } else { "ACTIVE" }.to_owned(),
        account_id: account.id,
        account_name: Some(account.name).filter(|name| !name.is_empty()),
        canonical_user_id: account.canonical_user_id,
        create_date: account.created.into(),
    }
}

impl Serve<DeleteMurusAccount> for Identity {
    async fn access(&self, op: &DeleteMurusAccount, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_account("murus:DeleteAccount", caller, &op.account_id)
    }

    async fn handle(&self, op: DeleteMurusAccount, _: &Caller) -> Result<Empty, ApiError> {
        // goes on when the client goes away: an account is not left half closed for that
        let closing = self.closing();
        match tokio::spawn(async move { closing.close(op.account_id).await }).await {
            Ok(closed) => closed?,
            Err(error) => return Err(ApiError::internal(error)),
        }
        Ok(Empty {})
    }
}

impl Serve<RotateMurusMasterKey> for Identity {
    async fn access(&self, _: &RotateMurusMasterKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.as_operator("murus:RotateMasterKey", caller, "master-key")
    }

    async fn handle(
        &self,
        _: RotateMurusMasterKey,
        _: &Caller,
    ) -> Result<RotateMurusMasterKeyResult, ApiError> {
        let resealed = self.rotate_master_key().await?;
        Ok(RotateMurusMasterKeyResult { resealed: i32::try_from(resealed).unwrap_or(i32::MAX) })
    }
}
