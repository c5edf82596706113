//! Instance profiles and the role in each.

use ::store::Read;
use api_spec::iam::{
    self, AddRoleToInstanceProfile, CreateInstanceProfile, CreateInstanceProfileResult,
    DeleteInstanceProfile, GetInstanceProfile, GetInstanceProfileResult, ListInstanceProfiles,
    ListInstanceProfilesForRole, ListInstanceProfilesForRoleResult, ListInstanceProfilesResult,
    RemoveRoleFromInstanceProfile,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::creating;
use super::paging::{Page, page};
use super::{tags, views};
use crate::domain;
use crate::domain::entity::InstanceProfile;
use crate::domain::{arn, ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{instance_profiles, roles};

impl Serve<CreateInstanceProfile> for Identity {
    async fn access(&self, op: &CreateInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::instance_profile(caller.account_id(), path, &op.instance_profile_name);
        Ok(creating("iam:CreateInstanceProfile", "iam:TagInstanceProfile", arn, &tags(&op.tags)))
    }

    async fn handle(
        &self,
        op: CreateInstanceProfile,
        caller: &Caller,
    ) -> Result<CreateInstanceProfileResult, ApiError> {
        let profile = InstanceProfile {
            account: caller.account_id().to_owned(),
            id: ids::instance_profile(&self.random),
            name: op.instance_profile_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            created: self.clock.now(),
            tags: tags(&op.tags),
            role: None,
        };
        names::name_128("instanceProfileName", &profile.name)?;
        names::path("path", &profile.path)?;
        domain::tags::check(&profile.tags)?;
        let (made, limit) = (profile.clone(), self.config.max_instance_profiles);
        self.db.change(move |tx| instance_profiles::create(tx, &made, limit)).await?;
        Ok(CreateInstanceProfileResult {
            instance_profile: views::instance_profile(&self.db.read()?, &profile)?,
        })
    }
}

impl Serve<GetInstanceProfile> for Identity {
    async fn access(&self, op: &GetInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instance_profile("iam:GetInstanceProfile", caller, &op.instance_profile_name)
    }

    async fn handle(
        &self,
        op: GetInstanceProfile,
        caller: &Caller,
    ) -> Result<GetInstanceProfileResult, ApiError> {
        let read = self.db.read()?;
        let profile = instance_profiles::named(&read, caller.account_id(), &op.instance_profile_name)?;
        Ok(GetInstanceProfileResult { instance_profile: views::instance_profile(&read, &profile)? })
    }
}

impl Serve<ListInstanceProfiles> for Identity {
    async fn access(&self, op: &ListInstanceProfiles, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        let arn = arn::instance_profile(caller.account_id(), prefix, "");
        Ok(vec![Access::new("iam:ListInstanceProfiles", arn)])
    }

    async fn handle(
        &self,
        op: ListInstanceProfiles,
        caller: &Caller,
    ) -> Result<ListInstanceProfilesResult, ApiError> {
        let prefix = op.path_prefix.unwrap_or_else(|| "/".into());
        names::path_prefix(&prefix)?;
        let read = self.db.read()?;
        let mut all = instance_profiles::list(&read, caller.account_id())?;
        all.retain(|profile| profile.path.starts_with(&prefix));
        let page = listed(&read, all, op.marker.as_deref(), op.max_items)?;
        Ok(ListInstanceProfilesResult {
            instance_profiles: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<ListInstanceProfilesForRole> for Identity {
    async fn access(
        &self,
        op: &ListInstanceProfilesForRole,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:ListInstanceProfilesForRole", caller, &op.role_name)
    }

    async fn handle(
        &self,
        op: ListInstanceProfilesForRole,
        caller: &Caller,
    ) -> Result<ListInstanceProfilesForRoleResult, ApiError> {
        let read = self.db.read()?;
        let role = roles::named(&read, caller.account_id(), &op.role_name)?;
        let all = instance_profiles::with_role(&read, &role)?;
        let page = listed(&read, all, op.marker.as_deref(), op.max_items)?;
        Ok(ListInstanceProfilesForRoleResult {
            instance_profiles: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn listed(
    read: &impl Read,
    all: Vec<InstanceProfile>,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Page<iam::InstanceProfile>, ApiError> {
    let page = page(all, |profile| profile.name.to_lowercase(), marker, max_items)?;
    let items: Result<_, Error> =
        page.items.iter().map(|profile| views::listed_instance_profile(read, profile)).collect();
    Ok(Page { items: items?, is_truncated: page.is_truncated, marker: page.marker })
}

impl Serve<DeleteInstanceProfile> for Identity {
    async fn access(&self, op: &DeleteInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instance_profile("iam:DeleteInstanceProfile", caller, &op.instance_profile_name)
    }

    async fn handle(&self, op: DeleteInstanceProfile, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| instance_profiles::delete(tx, &account, &op.instance_profile_name)).await?;
        Ok(Empty {})
    }
}

impl Serve<AddRoleToInstanceProfile> for Identity {
    /// Whoever puts a role where instances get it passes the role to EC2.
    async fn access(&self, op: &AddRoleToInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let on = "iam:AddRoleToInstanceProfile";
        let mut accesses = self.on_instance_profile(on, caller, &op.instance_profile_name)?;
        let role = self.on_role("iam:PassRole", caller, &op.role_name)?;
        accesses
            .extend(role.into_iter().map(|access| access.key("iam:PassedToService", "ec2.amazonaws.com")));
        Ok(accesses)
    }

    async fn handle(&self, op: AddRoleToInstanceProfile, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                instance_profiles::add_role(tx, &account, &op.instance_profile_name, &op.role_name)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<RemoveRoleFromInstanceProfile> for Identity {
    async fn access(
        &self,
        op: &RemoveRoleFromInstanceProfile,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        self.on_instance_profile("iam:RemoveRoleFromInstanceProfile", caller, &op.instance_profile_name)
    }

    async fn handle(&self, op: RemoveRoleFromInstanceProfile, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                instance_profiles::remove_role(tx, &account, &op.instance_profile_name, &op.role_name)
            })
            .await?;
        Ok(Empty {})
    }
}
