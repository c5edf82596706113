//! Inline policies of users and groups, written once for whatever holds policies.

use api_spec::iam::{
    DeleteGroupPolicy, DeleteUserPolicy, GetGroupPolicy, GetGroupPolicyResult, GetUserPolicy,
    GetUserPolicyResult, ListGroupPolicies, ListGroupPoliciesResult, ListUserPolicies,
    ListUserPoliciesResult, PutGroupPolicy, PutUserPolicy,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::{Page, page};
use crate::domain::entity::{Group, User};
use crate::domain::{document, names};
use crate::identity::Identity;
use crate::store::holder::Holder;

impl Identity {
    pub(super) async fn put_inline<H: Holder>(
        &self,
        caller: &Caller,
        owner: String,
        name: String,
        text: String,
    ) -> Result<Empty, ApiError> {
        names::name_128("policyName", &name)?;
        document::check(&text)?;
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut holder = H::to_change(tx, &account, &owner)?;
                holder.permissions_mut().put(H::KIND, &owner, name.clone(), text.clone())?;
                holder.put(tx)
            })
            .await?;
        Ok(Empty {})
    }

    pub(super) fn inline<H: Holder>(
        &self,
        caller: &Caller,
        owner: &str,
        name: &str,
    ) -> Result<String, ApiError> {
        let holder = H::named(&self.db.read()?, caller.account_id(), owner)?;
        Ok(document::url_encoded(holder.permissions().inline(H::KIND, name)?))
    }

    pub(super) fn inline_names<H: Holder>(
        &self,
        caller: &Caller,
        owner: &str,
        marker: Option<&str>,
        max_items: Option<i32>,
    ) -> Result<Page<String>, ApiError> {
        let holder = H::named(&self.db.read()?, caller.account_id(), owner)?;
        let all = holder.permissions().inline.keys().cloned().collect();
        page(all, String::clone, marker, max_items)
    }

    pub(super) async fn delete_inline<H: Holder>(
        &self,
        caller: &Caller,
        owner: String,
        name: String,
    ) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut holder = H::to_change(tx, &account, &owner)?;
                holder.permissions_mut().remove(H::KIND, &name)?;
                holder.put(tx)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<PutUserPolicy> for Identity {
    async fn access(&self, op: &PutUserPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<User>("iam:PutUserPolicy", caller, &op.user_name, None)
    }

    async fn handle(&self, op: PutUserPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.put_inline::<User>(caller, op.user_name, op.policy_name, op.policy_document).await
    }
}

impl Serve<GetUserPolicy> for Identity {
    async fn access(&self, op: &GetUserPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:GetUserPolicy", caller, &op.user_name)
    }

    async fn handle(&self, op: GetUserPolicy, caller: &Caller) -> Result<GetUserPolicyResult, ApiError> {
        let policy_document = self.inline::<User>(caller, &op.user_name, &op.policy_name)?;
        Ok(GetUserPolicyResult { user_name: op.user_name, policy_name: op.policy_name, policy_document })
    }
}

impl Serve<ListUserPolicies> for Identity {
    async fn access(&self, op: &ListUserPolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:ListUserPolicies", caller, &op.user_name)
    }

    async fn handle(
        &self,
        op: ListUserPolicies,
        caller: &Caller,
    ) -> Result<ListUserPoliciesResult, ApiError> {
        let page = self.inline_names::<User>(caller, &op.user_name, op.marker.as_deref(), op.max_items)?;
        Ok(ListUserPoliciesResult {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<DeleteUserPolicy> for Identity {
    async fn access(&self, op: &DeleteUserPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<User>("iam:DeleteUserPolicy", caller, &op.user_name, None)
    }

    async fn handle(&self, op: DeleteUserPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.delete_inline::<User>(caller, op.user_name, op.policy_name).await
    }
}

impl Serve<PutGroupPolicy> for Identity {
    async fn access(&self, op: &PutGroupPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Group>("iam:PutGroupPolicy", caller, &op.group_name, None)
    }

    async fn handle(&self, op: PutGroupPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.put_inline::<Group>(caller, op.group_name, op.policy_name, op.policy_document).await
    }
}

impl Serve<GetGroupPolicy> for Identity {
    async fn access(&self, op: &GetGroupPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:GetGroupPolicy", caller, &op.group_name)
    }

    async fn handle(&self, op: GetGroupPolicy, caller: &Caller) -> Result<GetGroupPolicyResult, ApiError> {
        let policy_document = self.inline::<Group>(caller, &op.group_name, &op.policy_name)?;
        Ok(GetGroupPolicyResult { group_name: op.group_name, policy_name: op.policy_name, policy_document })
    }
}

impl Serve<ListGroupPolicies> for Identity {
    async fn access(&self, op: &ListGroupPolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:ListGroupPolicies", caller, &op.group_name)
    }

    async fn handle(
        &self,
        op: ListGroupPolicies,
        caller: &Caller,
    ) -> Result<ListGroupPoliciesResult, ApiError> {
        let page = self.inline_names::<Group>(caller, &op.group_name, op.marker.as_deref(), op.max_items)?;
        Ok(ListGroupPoliciesResult {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<DeleteGroupPolicy> for Identity {
    async fn access(&self, op: &DeleteGroupPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Group>("iam:DeleteGroupPolicy", caller, &op.group_name, None)
    }

    async fn handle(&self, op: DeleteGroupPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.delete_inline::<Group>(caller, op.group_name, op.policy_name).await
    }
}
