//! Permissions boundaries of users and roles.

use api_spec::iam::{
    DeleteRolePermissionsBoundary, DeleteUserPermissionsBoundary, PutRolePermissionsBoundary,
    PutUserPermissionsBoundary,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::Target;
use crate::domain::entity::{Role, User};
use crate::domain::names;
use crate::identity::Identity;
use crate::store::policies;

impl Identity {
    /// `iam:PermissionsBoundary` is the boundary that is to be set.
    fn on_new_boundary<H: Target>(
        &self,
        action: &str,
        caller: &Caller,
        name: &str,
        boundary: &str,
    ) -> Result<Vec<Access>, ApiError> {
        let accesses = H::access(self, action, caller, name)?;
        Ok(accesses.into_iter().map(|access| access.key("iam:PermissionsBoundary", boundary)).collect())
    }

    async fn set_boundary<H: Target>(
        &self,
        caller: &Caller,
        name: String,
        boundary: Option<String>,
    ) -> Result<Empty, ApiError> {
        if let Some(arn) = &boundary {
            names::policy_arn(arn)?;
        }
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut holder = H::to_change(tx, &account, &name)?;
                if let Some(arn) = &boundary {
                    policies::check_boundary(tx, &account, arn)?;
                }
                holder.permissions_mut().boundary.clone_from(&boundary);
                holder.put(tx)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<PutUserPermissionsBoundary> for Identity {
    async fn access(
        &self,
        op: &PutUserPermissionsBoundary,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let (action, boundary) = ("iam:PutUserPermissionsBoundary", &op.permissions_boundary);
        self.on_new_boundary::<User>(action, caller, &op.user_name, boundary)
    }

    async fn handle(&self, op: PutUserPermissionsBoundary, caller: &Caller) -> Result<Empty, ApiError> {
        self.set_boundary::<User>(caller, op.user_name, Some(op.permissions_boundary)).await
    }
}

impl Serve<DeleteUserPermissionsBoundary> for Identity {
    async fn access(
        &self,
        op: &DeleteUserPermissionsBoundary,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<User>("iam:DeleteUserPermissionsBoundary", caller, &op.user_name, None)
    }

    async fn handle(&self, op: DeleteUserPermissionsBoundary, caller: &Caller) -> Result<Empty, ApiError> {
        self.set_boundary::<User>(caller, op.user_name, None).await
    }
}

impl Serve<PutRolePermissionsBoundary> for Identity {
    async fn access(
        &self,
        op: &PutRolePermissionsBoundary,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let (action, boundary) = ("iam:PutRolePermissionsBoundary", &op.permissions_boundary);
        self.on_new_boundary::<Role>(action, caller, &op.role_name, boundary)
    }

    async fn handle(&self, op: PutRolePermissionsBoundary, caller: &Caller) -> Result<Empty, ApiError> {
        self.set_boundary::<Role>(caller, op.role_name, Some(op.permissions_boundary)).await
    }
}

impl Serve<DeleteRolePermissionsBoundary> for Identity {
    async fn access(
        &self,
        op: &DeleteRolePermissionsBoundary,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        self.on_policies_of::<Role>("iam:DeleteRolePermissionsBoundary", caller, &op.role_name, None)
    }

    async fn handle(&self, op: DeleteRolePermissionsBoundary, caller: &Caller) -> Result<Empty, ApiError> {
        self.set_boundary::<Role>(caller, op.role_name, None).await
    }
}
