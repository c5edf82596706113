//! Roles and who may assume them.

use api_spec::iam::{
    self, CreateRole, CreateRoleResult, DeleteRole, GetRole, GetRoleResult, ListRoles, ListRolesResult,
    UpdateAssumeRolePolicy, UpdateRole, UpdateRoleDescription, UpdateRoleDescriptionResult, UpdateRoleResult,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};

use super::access::creating;
use super::paging::page;
use super::{tags, views};
use crate::domain;
use crate::domain::entity::Role;
use crate::domain::permissions::Permissions;
use crate::domain::service_linked;
use crate::domain::trust::{self, TrustPolicy};
use crate::domain::{arn, ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{policies, roles};

impl Identity {
    /// Changes a role, and gives it as it is then.
    async fn change_role<F>(&self, caller: &Caller, name: String, mut f: F) -> Result<Role, Error>
    where
        F: FnMut(&mut Role) -> Result<(), Error> + Send + 'static,
    {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut role = roles::named(tx, &account, &name)?;
                f(&mut role)?;
                roles::put(tx, &role)?;
                Ok(role)
            })
            .await
    }
}

impl Serve<CreateRole> for Identity {
    async fn access(&self, op: &CreateRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::role(caller.account_id(), path, &op.role_name);
        let mut accesses = creating("iam:CreateRole", "iam:TagRole", arn, &tags(&op.tags));
        if let Some(boundary) = &op.permissions_boundary {
            accesses = accesses.into_iter().map(|a| a.key("iam:PermissionsBoundary", boundary)).collect();
        }
        Ok(accesses)
    }

    async fn handle(&self, op: CreateRole, caller: &Caller) -> Result<CreateRoleResult, ApiError> {
        let role = Role {
            account: caller.account_id().to_owned(),
            id: ids::role(&self.random),
            name: op.role_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            created: self.clock.now(),
            description: op.description.filter(|text| !text.is_empty()),
            max_session_seconds: names::max_session_seconds(op.max_session_duration)?,
            trust: TrustPolicy { text: op.assume_role_policy_document, bound: Default::default() },
            tags: tags(&op.tags),
            permissions: Permissions { boundary: op.permissions_boundary, ..Permissions::default() },
            linked_service: None,
            creator: caller.creator().map(str::to_owned),
        };
        check(&role)?;
        let limit = self.config.max_roles;
        let access = Access::new("iam:CreateRole", role.arn());
        let quotas = Quotas::known(&self.common, caller, &access);
        let role = self
            .db
            .change(move |tx| {
                if let Some(arn) = &role.permissions.boundary {
                    policies::check_boundary(tx, &role.account, arn)?;
                }
                let trust = roles::bind_trust(tx, &role.account, &role.trust.text)?;
                let role = Role { trust, ..role.clone() };
                roles::check_quotas(tx, &quotas, &role)?;
                roles::create(tx, &role, limit)?;
                Ok(role)
            })
            .await?;
        Ok(CreateRoleResult { role: views::role(&self.db.read()?, &role)? })
    }
}

/// Refuses a role that breaks a rule which no other entity has a say in.
fn check(role: &Role) -> Result<(), Error> {
    names::role_name(&role.name)?;
    names::path("path", &role.path)?;
    if role.path.starts_with(service_linked::PATH) {
        let what = "is for service-linked roles, which CreateServiceLinkedRole makes.";
        return Err(Error::InvalidInput(format!("The path {} {what}", service_linked::PATH)));
    }
    names::role_description(role.description.as_deref().unwrap_or(""))?;
    domain::tags::check(&role.tags)?;
    if let Some(arn) = &role.permissions.boundary {
        names::policy_arn(arn)?;
    }
    trust::check("assumeRolePolicyDocument", &role.trust.text)
}

impl Serve<GetRole> for Identity {
    async fn access(&self, op: &GetRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:GetRole", caller, &op.role_name)
    }

    async fn handle(&self, op: GetRole, caller: &Caller) -> Result<GetRoleResult, ApiError> {
        let read = self.db.read()?;
        let role = roles::named(&read, caller.account_id(), &op.role_name)?;
        let last_used = views::role_last_used(&read, &role, self.clock.now())?;
        let shown = iam::Role { role_last_used: Some(last_used), ..views::role(&read, &role)? };
        Ok(GetRoleResult { role: shown })
    }
}

impl Serve<ListRoles> for Identity {
    async fn access(&self, op: &ListRoles, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Access::new("iam:ListRoles", arn::role(caller.account_id(), prefix, ""))])
    }

    async fn handle(&self, op: ListRoles, caller: &Caller) -> Result<ListRolesResult, ApiError> {
        let prefix = op.path_prefix.unwrap_or_else(|| "/".into());
        names::path_prefix(&prefix)?;
        let read = self.db.read()?;
        let mut all = roles::list(&read, caller.account_id())?;
        all.retain(|role| role.path.starts_with(&prefix));
        let page = page(all, |role| role.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        let roles: Result<_, Error> = page.items.iter().map(|role| views::listed_role(&read, role)).collect();
        Ok(ListRolesResult { roles: roles?, is_truncated: page.is_truncated, marker: page.marker })
    }
}

impl Serve<UpdateRole> for Identity {
    async fn access(&self, op: &UpdateRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:UpdateRole", caller, &op.role_name)
    }

    async fn handle(&self, op: UpdateRole, caller: &Caller) -> Result<UpdateRoleResult, ApiError> {
        names::role_description(op.description.as_deref().unwrap_or(""))?;
        let seconds = names::max_session_seconds(op.max_session_duration)?;
        self.change_role(caller, op.role_name, move |role| {
            match (&role.linked_service, op.max_session_duration) {
                (None, _) => role.max_session_seconds = seconds,
                // its description is all that people may change of it
                (Some(_), None) => {}
                (Some(_), Some(_)) => return Err(Error::ProtectedRole(role.name.clone())),
            }
            if let Some(text) = &op.description {
                role.description = Some(text.clone()).filter(|text| !text.is_empty());
            }
            Ok(())
        })
        .await?;
        Ok(UpdateRoleResult {})
    }
}

impl Serve<UpdateRoleDescription> for Identity {
    async fn access(&self, op: &UpdateRoleDescription, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:UpdateRoleDescription", caller, &op.role_name)
    }

    async fn handle(
        &self,
        op: UpdateRoleDescription,
        caller: &Caller,
    ) -> Result<UpdateRoleDescriptionResult, ApiError> {
        names::role_description(&op.description)?;
        let change = move |role: &mut Role| {
            role.description = Some(op.description.clone()).filter(|text| !text.is_empty());
            Ok(())
        };
        let role = self.change_role(caller, op.role_name, change).await?;
        Ok(UpdateRoleDescriptionResult { role: views::role(&self.db.read()?, &role)? })
    }
}

impl Serve<UpdateAssumeRolePolicy> for Identity {
    async fn access(&self, op: &UpdateAssumeRolePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:UpdateAssumeRolePolicy", caller, &op.role_name)
    }

    async fn handle(&self, op: UpdateAssumeRolePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        trust::check("policyDocument", &op.policy_document)?;
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let role = roles::named(tx, &account, &op.role_name)?.unprotected()?;
                let trust = roles::bind_trust(tx, &account, &op.policy_document)?;
                roles::put(tx, &Role { trust, ..role })
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteRole> for Identity {
    async fn access(&self, op: &DeleteRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:DeleteRole", caller, &op.role_name)
    }

    async fn handle(&self, op: DeleteRole, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| roles::delete(tx, &account, &op.role_name)).await?;
        Ok(Empty {})
    }
}
