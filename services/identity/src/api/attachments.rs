//! Managed policies on users and groups, written once for whatever holds policies.

use api_spec::iam::{
    AttachGroupPolicy, AttachUserPolicy, AttachedPolicy, DetachGroupPolicy, DetachUserPolicy,
    ListAttachedGroupPolicies, ListAttachedGroupPoliciesResult, ListAttachedUserPolicies,
    ListAttachedUserPoliciesResult,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::{Page, page};
use crate::domain::arn::parse_policy;
use crate::domain::entity::{Group, User};
use crate::domain::names;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::holder::Holder;
use crate::store::policies;

impl Identity {
    pub(super) async fn attach<H: Holder>(
        &self,
        caller: &Caller,
        name: String,
        arn: String,
    ) -> Result<Empty, ApiError> {
        names::policy_arn(&arn)?;
        let (account, limit) = (caller.account_id().to_owned(), self.config.max_attached_policies);
        self.db
            .change(move |tx| {
                let mut holder = H::to_change(tx, &account, &name)?;
                policies::attachable(tx, &account, &arn).map_err(|error| match error {
                    Error::NoSuchPolicy(arn) => Error::NotAttachable(arn),
                    other => other,
                })?;
                holder.permissions_mut().attach(H::KIND, arn.clone(), limit)?;
                holder.put(tx)
            })
            .await?;
        Ok(Empty {})
    }

    pub(super) async fn detach<H: Holder>(
        &self,
        caller: &Caller,
        name: String,
        arn: String,
    ) -> Result<Empty, ApiError> {
        names::policy_arn(&arn)?;
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut holder = H::to_change(tx, &account, &name)?;
                holder.permissions_mut().detach(&arn)?;
                holder.put(tx)
            })
            .await?;
        Ok(Empty {})
    }

    pub(super) fn attached<H: Holder>(
        &self,
        caller: &Caller,
        name: &str,
        path_prefix: Option<&str>,
        marker: Option<&str>,
        max_items: Option<i32>,
    ) -> Result<Page<AttachedPolicy>, ApiError> {
        let prefix = path_prefix.unwrap_or("/");
        names::path_prefix(prefix)?;
        let holder = H::named(&self.db.read()?, caller.account_id(), name)?;
        let all = holder.permissions().attached.iter().filter_map(|arn| {
            let parts = parse_policy(arn).filter(|parts| parts.path.starts_with(prefix))?;
            Some(AttachedPolicy { policy_name: parts.name.to_owned(), policy_arn: arn.clone() })
        });
        page(all.collect(), |policy| policy.policy_arn.clone(), marker, max_items)
    }
}

impl Serve<AttachUserPolicy> for Identity {
    async fn access(&self, op: &AttachUserPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<User>("iam:AttachUserPolicy", caller, &op.user_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: AttachUserPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.attach::<User>(caller, op.user_name, op.policy_arn).await
    }
}

impl Serve<DetachUserPolicy> for Identity {
    async fn access(&self, op: &DetachUserPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<User>("iam:DetachUserPolicy", caller, &op.user_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: DetachUserPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.detach::<User>(caller, op.user_name, op.policy_arn).await
    }
}

impl Serve<ListAttachedUserPolicies> for Identity {
    async fn access(&self, op: &ListAttachedUserPolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:ListAttachedUserPolicies", caller, &op.user_name)
    }

    async fn handle(
        &self,
        op: ListAttachedUserPolicies,
        caller: &Caller,
    ) -> Result<ListAttachedUserPoliciesResult, ApiError> {
        let (prefix, marker) = (op.path_prefix.as_deref(), op.marker.as_deref());
        let page = self.attached::<User>(caller, &op.user_name, prefix, marker, op.max_items)?;
        Ok(ListAttachedUserPoliciesResult {
            attached_policies: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<AttachGroupPolicy> for Identity {
    async fn access(&self, op: &AttachGroupPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Group>("iam:AttachGroupPolicy", caller, &op.group_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: AttachGroupPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.attach::<Group>(caller, op.group_name, op.policy_arn).await
    }
}

impl Serve<DetachGroupPolicy> for Identity {
    async fn access(&self, op: &DetachGroupPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Group>("iam:DetachGroupPolicy", caller, &op.group_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: DetachGroupPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.detach::<Group>(caller, op.group_name, op.policy_arn).await
    }
}

impl Serve<ListAttachedGroupPolicies> for Identity {
    async fn access(&self, op: &ListAttachedGroupPolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:ListAttachedGroupPolicies", caller, &op.group_name)
    }

    async fn handle(
        &self,
        op: ListAttachedGroupPolicies,
        caller: &Caller,
    ) -> Result<ListAttachedGroupPoliciesResult, ApiError> {
        let (prefix, marker) = (op.path_prefix.as_deref(), op.marker.as_deref());
        let page = self.attached::<Group>(caller, &op.group_name, prefix, marker, op.max_items)?;
        Ok(ListAttachedGroupPoliciesResult {
            attached_policies: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
