//! Versions of managed policies.

use api_spec::iam::{
    CreatePolicyVersion, CreatePolicyVersionResult, DeletePolicyVersion, GetPolicyVersion,
    GetPolicyVersionResult, ListPolicyVersions, ListPolicyVersionsResult, PolicyVersion,
    SetDefaultPolicyVersion,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use super::views;
use crate::domain::managed_policy::{self, ManagedPolicy, version_number};
use crate::domain::{document, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::policies::{self, AnyPolicy};

impl Identity {
    /// Changes one of the account's own policies.
    async fn change_policy<T, F>(&self, caller: &Caller, arn: String, mut f: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut ManagedPolicy) -> Result<T, Error> + Send + 'static,
    {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut policy = policies::customer(tx, &account, &arn)?;
                let done = f(&mut policy)?;
                policies::put(tx, &policy)?;
                Ok(done)
            })
            .await
    }
}

impl Serve<CreatePolicyVersion> for Identity {
    async fn access(&self, op: &CreatePolicyVersion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_own_policy("iam:CreatePolicyVersion", caller, &op.policy_arn)
    }

    async fn handle(
        &self,
        op: CreatePolicyVersion,
        caller: &Caller,
    ) -> Result<CreatePolicyVersionResult, ApiError> {
        document::check(&op.policy_document)?;
        managed_policy::check_size(&op.policy_document)?;
        let (default, now) = (op.set_as_default.unwrap_or(false), self.clock.now());
        let number = self
            .change_policy(caller, op.policy_arn, move |policy| {
                policy.add_version(op.policy_document.clone(), default, now)
            })
            .await?;
        Ok(CreatePolicyVersionResult {
            policy_version: PolicyVersion {
                document: None,
                version_id: format!("v{number}"),
                is_default_version: default,
                create_date: now.into(),
            },
        })
    }
}

impl Serve<GetPolicyVersion> for Identity {
    async fn access(&self, op: &GetPolicyVersion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy("iam:GetPolicyVersion", caller, &op.policy_arn)
    }

    async fn handle(
        &self,
        op: GetPolicyVersion,
        caller: &Caller,
    ) -> Result<GetPolicyVersionResult, ApiError> {
        names::version_id(&op.version_id)?;
        let found = policies::find(&self.db.read()?, caller.account_id(), &op.policy_arn)?;
        let (version, text) = match &found {
            AnyPolicy::Aws(managed) if managed.default_version == op.version_id => {
                (views::aws_version(managed)?, managed.document)
            }
            AnyPolicy::Aws(_) => {
                let missing = Error::NoSuchPolicyVersion { arn: op.policy_arn, version: op.version_id };
                return Err(missing.into());
            }
            AnyPolicy::Customer(policy) => {
                let (number, version) = policy.version(&op.version_id)?;
                (views::version(policy, number, version), version.document.as_str())
            }
        };
        let document = Some(document::url_encoded(text));
        Ok(GetPolicyVersionResult { policy_version: PolicyVersion { document, ..version } })
    }
}

impl Serve<ListPolicyVersions> for Identity {
    async fn access(&self, op: &ListPolicyVersions, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy("iam:ListPolicyVersions", caller, &op.policy_arn)
    }

    async fn handle(
        &self,
        op: ListPolicyVersions,
        caller: &Caller,
    ) -> Result<ListPolicyVersionsResult, ApiError> {
        let all = match policies::find(&self.db.read()?, caller.account_id(), &op.policy_arn)? {
            AnyPolicy::Aws(managed) => vec![views::aws_version(managed)?],
            AnyPolicy::Customer(policy) => policy
                .versions
                .iter()
                .rev()
                .map(|(n, version)| views::version(&policy, *n, version))
                .collect(),
        };
        // newest first: the sort key of a page falls as the number grows
        let key = |version: &PolicyVersion| {
            format!("{:010}", u32::MAX - version_number(&version.version_id).unwrap_or(0))
        };
        let page = page(all, key, op.marker.as_deref(), op.max_items)?;
        Ok(ListPolicyVersionsResult {
            versions: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<DeletePolicyVersion> for Identity {
    async fn access(&self, op: &DeletePolicyVersion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_own_policy("iam:DeletePolicyVersion", caller, &op.policy_arn)
    }

    async fn handle(&self, op: DeletePolicyVersion, caller: &Caller) -> Result<Empty, ApiError> {
        names::version_id(&op.version_id)?;
        let now = self.clock.now();
        self.change_policy(caller, op.policy_arn, move |policy| policy.delete_version(&op.version_id, now))
            .await?;
        Ok(Empty {})
    }
}

impl Serve<SetDefaultPolicyVersion> for Identity {
    async fn access(&self, op: &SetDefaultPolicyVersion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_own_policy("iam:SetDefaultPolicyVersion", caller, &op.policy_arn)
    }

    async fn handle(&self, op: SetDefaultPolicyVersion, caller: &Caller) -> Result<Empty, ApiError> {
        names::version_id(&op.version_id)?;
        let now = self.clock.now();
        self.change_policy(caller, op.policy_arn, move |policy| policy.set_default(&op.version_id, now))
            .await?;
        Ok(Empty {})
    }
}
