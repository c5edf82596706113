//! Inline and attached policies of roles.

use api_spec::iam::{
    AttachRolePolicy, DeleteRolePolicy, DetachRolePolicy, GetRolePolicy, GetRolePolicyResult,
    ListAttachedRolePolicies, ListAttachedRolePoliciesResult, ListRolePolicies, ListRolePoliciesResult,
    PutRolePolicy,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::domain::entity::Role;
use crate::identity::Identity;

impl Serve<PutRolePolicy> for Identity {
    async fn access(&self, op: &PutRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Role>("iam:PutRolePolicy", caller, &op.role_name, None)
    }

    async fn handle(&self, op: PutRolePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.put_inline::<Role>(caller, op.role_name, op.policy_name, op.policy_document).await
    }
}

impl Serve<GetRolePolicy> for Identity {
    async fn access(&self, op: &GetRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:GetRolePolicy", caller, &op.role_name)
    }

    async fn handle(&self, op: GetRolePolicy, caller: &Caller) -> Result<GetRolePolicyResult, ApiError> {
        let policy_document = self.inline::<Role>(caller, &op.role_name, &op.policy_name)?;
        Ok(GetRolePolicyResult { role_name: op.role_name, policy_name: op.policy_name, policy_document })
    }
}

impl Serve<ListRolePolicies> for Identity {
    async fn access(&self, op: &ListRolePolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:ListRolePolicies", caller, &op.role_name)
    }

    async fn handle(
        &self,
        op: ListRolePolicies,
        caller: &Caller,
    ) -> Result<ListRolePoliciesResult, ApiError> {
        let page = self.inline_names::<Role>(caller, &op.role_name, op.marker.as_deref(), op.max_items)?;
        Ok(ListRolePoliciesResult {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<DeleteRolePolicy> for Identity {
    async fn access(&self, op: &DeleteRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Role>("iam:DeleteRolePolicy", caller, &op.role_name, None)
    }

    async fn handle(&self, op: DeleteRolePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.delete_inline::<Role>(caller, op.role_name, op.policy_name).await
    }
}

impl Serve<AttachRolePolicy> for Identity {
    async fn access(&self, op: &AttachRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Role>("iam:AttachRolePolicy", caller, &op.role_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: AttachRolePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.attach::<Role>(caller, op.role_name, op.policy_arn).await
    }
}

impl Serve<DetachRolePolicy> for Identity {
    async fn access(&self, op: &DetachRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Role>("iam:DetachRolePolicy", caller, &op.role_name, Some(&op.policy_arn))
    }

    async fn handle(&self, op: DetachRolePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.detach::<Role>(caller, op.role_name, op.policy_arn).await
    }
}

impl Serve<ListAttachedRolePolicies> for Identity {
    async fn access(&self, op: &ListAttachedRolePolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:ListAttachedRolePolicies", caller, &op.role_name)
    }

    async fn handle(
        &self,
        op: ListAttachedRolePolicies,
        caller: &Caller,
    ) -> Result<ListAttachedRolePoliciesResult, ApiError> {
        let (prefix, marker) = (op.path_prefix.as_deref(), op.marker.as_deref());
        let page = self.attached::<Role>(caller, &op.role_name, prefix, marker, op.max_items)?;
        Ok(ListAttachedRolePoliciesResult {
            attached_policies: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
