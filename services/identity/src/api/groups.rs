//! Groups and who is in them.

use api_spec::iam::{
    AddUserToGroup, CreateGroup, CreateGroupResult, DeleteGroup, GetGroup, GetGroupResult, ListGroups,
    ListGroupsResult, RemoveUserFromGroup, UpdateGroup,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};

use super::paging::page;
use super::views;
use crate::domain::entity::Group;
use crate::domain::permissions::Permissions;
use crate::domain::{arn, ids, names};
use crate::identity::Identity;
use crate::store::{groups, users};

impl Serve<CreateGroup> for Identity {
    async fn access(&self, op: &CreateGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        Ok(vec![Access::new("iam:CreateGroup", arn::group(caller.account_id(), path, &op.group_name))])
    }

    async fn handle(&self, op: CreateGroup, caller: &Caller) -> Result<CreateGroupResult, ApiError> {
        let group = Group {
            account: caller.account_id().to_owned(),
            id: ids::group(&self.random),
            name: op.group_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            created: self.clock.now(),
            permissions: Permissions::default(),
            creator: caller.creator().map(str::to_owned),
        };
        names::name_128("groupName", &group.name)?;
        names::path("path", &group.path)?;
        let (made, limit) = (group.clone(), self.config.max_groups);
        let access = Access::new("iam:CreateGroup", group.arn());
        let quotas = Quotas::known(&self.common, caller, &access);
        self.db
            .change(move |tx| {
                groups::check_quotas(tx, &quotas, &made)?;
                groups::create(tx, &made, limit)
            })
            .await?;
        Ok(CreateGroupResult { group: views::group(&group) })
    }
}

impl Serve<GetGroup> for Identity {
    async fn access(&self, op: &GetGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:GetGroup", caller, &op.group_name)
    }

    async fn handle(&self, op: GetGroup, caller: &Caller) -> Result<GetGroupResult, ApiError> {
        let read = self.db.read()?;
        let group = groups::named(&read, caller.account_id(), &op.group_name)?;
        let members = users::in_group(&read, &group)?;
        let page = page(members, |user| user.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        Ok(GetGroupResult {
            group: views::group(&group),
            users: page.items.iter().map(views::listed_user).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<ListGroups> for Identity {
    async fn access(&self, op: &ListGroups, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Access::new("iam:ListGroups", arn::group(caller.account_id(), prefix, ""))])
    }

    async fn handle(&self, op: ListGroups, caller: &Caller) -> Result<ListGroupsResult, ApiError> {
        let prefix = op.path_prefix.unwrap_or_else(|| "/".into());
        names::path_prefix(&prefix)?;
        let mut all = groups::list(&self.db.read()?, caller.account_id())?;
        all.retain(|group| group.path.starts_with(&prefix));
        let page = page(all, |group| group.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        Ok(ListGroupsResult {
            groups: page.items.iter().map(views::group).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<UpdateGroup> for Identity {
    /// Renaming and moving need the permission on the group as it is and as it will be.
    async fn access(&self, op: &UpdateGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_group("iam:UpdateGroup", caller, &op.group_name)?;
        if op.new_group_name.is_some() || op.new_path.is_some() {
            let account = caller.account_id();
            let path = match groups::named(&self.db.read()?, account, &op.group_name) {
                Ok(group) => group.path,
                Err(_) => "/".to_owned(),
            };
            let path = op.new_path.as_ref().unwrap_or(&path);
            let name = op.new_group_name.as_ref().unwrap_or(&op.group_name);
            accesses.push(Access::new("iam:UpdateGroup", arn::group(account, path, name)));
        }
        Ok(accesses)
    }

    async fn handle(&self, op: UpdateGroup, caller: &Caller) -> Result<Empty, ApiError> {
        if let Some(name) = &op.new_group_name {
            names::name_128("newGroupName", name)?;
        }
        if let Some(path) = &op.new_path {
            names::path("newPath", path)?;
        }
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let (name, path) = (op.new_group_name.as_deref(), op.new_path.as_deref());
                groups::update(tx, &account, &op.group_name, name, path)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteGroup> for Identity {
    async fn access(&self, op: &DeleteGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:DeleteGroup", caller, &op.group_name)
    }

    async fn handle(&self, op: DeleteGroup, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| groups::delete(tx, &account, &op.group_name)).await?;
        Ok(Empty {})
    }
}

impl Serve<AddUserToGroup> for Identity {
    async fn access(&self, op: &AddUserToGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:AddUserToGroup", caller, &op.group_name)
    }

    async fn handle(&self, op: AddUserToGroup, caller: &Caller) -> Result<Empty, ApiError> {
        let (account, limit) = (caller.account_id().to_owned(), self.config.max_groups_per_user);
        self.db.change(move |tx| users::join(tx, &account, &op.user_name, &op.group_name, limit)).await?;
        Ok(Empty {})
    }
}

impl Serve<RemoveUserFromGroup> for Identity {
    async fn access(&self, op: &RemoveUserFromGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_group("iam:RemoveUserFromGroup", caller, &op.group_name)
    }

    async fn handle(&self, op: RemoveUserFromGroup, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| users::leave(tx, &account, &op.user_name, &op.group_name)).await?;
        Ok(Empty {})
    }
}
