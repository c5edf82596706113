//! Roles that are linked to a service.

use api_spec::ApiError;
use api_spec::iam::{
    CreateServiceLinkedRole, CreateServiceLinkedRoleResult, DeleteServiceLinkedRole,
    DeleteServiceLinkedRoleResult, GetServiceLinkedRoleDeletionStatus,
    GetServiceLinkedRoleDeletionStatusResult,
};
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};

use super::views;
use crate::domain::entity::Role;
use crate::domain::permissions::Permissions;
use crate::domain::service_linked::{self, Task};
use crate::domain::{arn, ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{linked_roles, roles};

/// Seconds that a session of such a role lasts.
const SESSION_SECONDS: u32 = 3600;

impl Serve<CreateServiceLinkedRole> for Identity {
    async fn access(&self, op: &CreateServiceLinkedRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        names::name_128("aWSServiceName", &op.aws_service_name)?;
        // a service that has none is asked about as any of its roles
        let name = match service_linked::template(&op.aws_service_name) {
            Some(template) => template.role_name(op.custom_suffix.as_deref())?,
            None => "*".to_owned(),
        };
        let path = service_linked::path(&op.aws_service_name);
        let access = Access::new("iam:CreateServiceLinkedRole", arn::role(caller.account_id(), &path, &name));
        Ok(vec![access.key("iam:AWSServiceName", &op.aws_service_name)])
    }

    async fn handle(
        &self,
        op: CreateServiceLinkedRole,
        caller: &Caller,
    ) -> Result<CreateServiceLinkedRoleResult, ApiError> {
        let template = service_linked::template(&op.aws_service_name)
            .ok_or_else(|| Error::NoSuchLinkedService(op.aws_service_name.clone()))?;
        names::role_description(op.description.as_deref().unwrap_or(""))?;
        let name = template.role_name(op.custom_suffix.as_deref())?;
        let (account, limit) = (caller.account_id().to_owned(), self.config.max_roles);
        let (id, created) = (ids::role(&self.random), self.clock.now());
        let creator = caller.creator().map(str::to_owned);
        let access = Access::new("iam:CreateRole", arn::role(&account, &template.path(), &name));
        let quotas = Quotas::known(&self.common, caller, &access);
        let description = op.description.filter(|text| !text.is_empty());
        let role = self
            .db
            .change(move |tx| {
                let role = Role {
                    account: account.clone(),
                    id: id.clone(),
                    name: name.clone(),
                    path: template.path(),
                    created,
                    description: description.clone().or_else(|| Some(template.description.to_owned())),
                    max_session_seconds: SESSION_SECONDS,
                    trust: roles::bind_trust(tx, &account, &template.trust())?,
                    tags: Vec::new(),
                    permissions: Permissions {
                        attached: [template.policy_arn()].into(),
                        ..Permissions::default()
                    },
                    linked_service: Some(template.service.to_owned()),
                    creator: creator.clone(),
                };
                roles::check_quotas(tx, &quotas, &role)?;
                linked_roles::create(tx, &role, limit)?;
                Ok(role)
            })
            .await?;
        Ok(CreateServiceLinkedRoleResult { role: views::role(&self.db.read()?, &role)? })
    }
}

impl Serve<DeleteServiceLinkedRole> for Identity {
    async fn access(&self, op: &DeleteServiceLinkedRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:DeleteServiceLinkedRole", caller, &op.role_name)
    }

    /// Done when it answers: nothing of the services here hangs on such a role.
    async fn handle(
        &self,
        op: DeleteServiceLinkedRole,
        caller: &Caller,
    ) -> Result<DeleteServiceLinkedRoleResult, ApiError> {
        let (account, id, now) = (caller.account_id().to_owned(), self.uuid(), self.clock.now());
        let deletion_task_id =
            self.db.change(move |tx| linked_roles::delete(tx, &account, &op.role_name, &id, now)).await?;
        Ok(DeleteServiceLinkedRoleResult { deletion_task_id })
    }
}

impl Serve<GetServiceLinkedRoleDeletionStatus> for Identity {
    async fn access(
        &self,
        op: &GetServiceLinkedRoleDeletionStatus,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let action = "iam:GetServiceLinkedRoleDeletionStatus";
        let task = task(&op.deletion_task_id)?;
        let path = service_linked::path(task.service);
        Ok(vec![Access::new(action, arn::role(caller.account_id(), &path, task.role))])
    }

    async fn handle(
        &self,
        op: GetServiceLinkedRoleDeletionStatus,
        caller: &Caller,
    ) -> Result<GetServiceLinkedRoleDeletionStatusResult, ApiError> {
        linked_roles::deletion(&self.db.read()?, caller.account_id(), &op.deletion_task_id)?;
        Ok(GetServiceLinkedRoleDeletionStatusResult { status: "SUCCEEDED".into() })
    }
}

fn task(text: &str) -> Result<Task<'_>, Error> {
    names::length("deletionTaskId", text, 1, 1000)?;
    Task::parse(text).ok_or_else(|| Error::InvalidInput(format!("Invalid deletion task id: {text}")))
}
