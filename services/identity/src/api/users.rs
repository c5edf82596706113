//! Users.

use std::collections::BTreeSet;

use ::store::Read;
use api_spec::iam::{
    self, CreateUser, CreateUserResult, DeleteUser, GetUser, GetUserResult, ListGroupsForUser,
    ListGroupsForUserResult, ListUsers, ListUsersResult, UpdateUser,
};
use api_spec::{ApiError, Empty};
use auth::policy::Principal;
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};

use super::access::{creating, who};
use super::paging::page;
use super::{tags, views};
use crate::domain;
use crate::domain::entity::User;
use crate::domain::permissions::Permissions;
use crate::domain::{arn, ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{accounts, groups, passwords, policies, users};

impl Serve<CreateUser> for Identity {
    async fn access(&self, op: &CreateUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::user(caller.account_id(), path, &op.user_name);
        let mut accesses = creating("iam:CreateUser", "iam:TagUser", arn, &tags(&op.tags));
        if let Some(boundary) = &op.permissions_boundary {
            accesses = accesses.into_iter().map(|a| a.key("iam:PermissionsBoundary", boundary)).collect();
        }
        Ok(accesses)
    }

    async fn handle(&self, op: CreateUser, caller: &Caller) -> Result<CreateUserResult, ApiError> {
        let user = User {
            account: caller.account_id().to_owned(),
            id: ids::user(&self.random),
            name: op.user_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            created: self.clock.now(),
            tags: tags(&op.tags),
            groups: BTreeSet::new(),
            permissions: Permissions { boundary: op.permissions_boundary, ..Permissions::default() },
            password_last_used: None,
            creator: caller.creator().map(str::to_owned),
        };
        names::user_name("userName", &user.name)?;
        names::path("path", &user.path)?;
        domain::tags::check(&user.tags)?;
        if let Some(arn) = &user.permissions.boundary {
            names::policy_arn(arn)?;
        }
        let (made, limit) = (user.clone(), self.config.max_users);
        let access = Access::new("iam:CreateUser", user.arn());
        let quotas = Quotas::known(&self.common, caller, &access);
        self.db
            .change(move |tx| {
                if let Some(arn) = &made.permissions.boundary {
                    policies::check_boundary(tx, &made.account, arn)?;
                }
                users::check_quotas(tx, &quotas, &made)?;
                users::create(tx, &made, limit)
            })
            .await?;
        Ok(CreateUserResult { user: views::user(&user) })
    }
}

impl Serve<GetUser> for Identity {
    async fn access(&self, op: &GetUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        match (&op.user_name, caller.principal()) {
            (None, root @ Principal::Root { .. }) => Ok(vec![Access::new("iam:GetUser", root.arn())]),
            (name, _) => self.on_who("iam:GetUser", caller, &who(caller, name.as_deref())?),
        }
    }

    async fn handle(&self, op: GetUser, caller: &Caller) -> Result<GetUserResult, ApiError> {
        let (read, account) = (self.db.read()?, caller.account_id());
        let user = match (&op.user_name, caller.principal()) {
            (None, root @ Principal::Root { .. }) => iam::User {
                path: "/".into(),
                user_name: None,
                user_id: account.to_owned(),
                arn: root.arn(),
                create_date: accounts::get(&read, account)?.created.into(),
                permissions_boundary: None,
                tags: None,
                password_last_used: None,
            },
            (name, _) => {
                let user = users::find(&read, account, &who(caller, name.as_deref())?)?;
                with_last_use(&read, &user, views::user(&user))?
            }
        };
        Ok(GetUserResult { user })
    }
}

/// The user with the last use of its password, which only GetUser and ListUsers tell.
fn with_last_use(read: &impl Read, user: &User, shown: iam::User) -> Result<iam::User, Error> {
    let last_used = passwords::last_used(read, user)?;
    Ok(iam::User { password_last_used: last_used.map(Into::into), ..shown })
}

impl Serve<ListUsers> for Identity {
    async fn access(&self, op: &ListUsers, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Access::new("iam:ListUsers", arn::user(caller.account_id(), prefix, ""))])
    }

    async fn handle(&self, op: ListUsers, caller: &Caller) -> Result<ListUsersResult, ApiError> {
        let prefix = op.path_prefix.unwrap_or_else(|| "/".into());
        names::path_prefix(&prefix)?;
        let read = self.db.read()?;
        let mut all = users::list(&read, caller.account_id())?;
        all.retain(|user| user.path.starts_with(&prefix));
        let page = page(all, |user| user.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        let shown: Result<_, Error> =
            page.items.iter().map(|user| with_last_use(&read, user, views::listed_user(user))).collect();
        Ok(ListUsersResult { users: shown?, is_truncated: page.is_truncated, marker: page.marker })
    }
}

impl Serve<UpdateUser> for Identity {
    /// Renaming and moving need the permission on the user as it is and as it will be.
    async fn access(&self, op: &UpdateUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_user("iam:UpdateUser", caller, &op.user_name)?;
        if op.new_user_name.is_some() || op.new_path.is_some() {
            let account = caller.account_id();
            let path = match users::named(&self.db.read()?, account, &op.user_name) {
                Ok(user) => user.path,
                Err(_) => "/".to_owned(),
            };
            let path = op.new_path.as_ref().unwrap_or(&path);
            let name = op.new_user_name.as_ref().unwrap_or(&op.user_name);
            accesses.push(Access::new("iam:UpdateUser", arn::user(account, path, name)));
        }
        Ok(accesses)
    }

    async fn handle(&self, op: UpdateUser, caller: &Caller) -> Result<Empty, ApiError> {
        if let Some(name) = &op.new_user_name {
            names::user_name("newUserName", name)?;
        }
        if let Some(path) = &op.new_path {
            names::path("newPath", path)?;
        }
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let (name, path) = (op.new_user_name.as_deref(), op.new_path.as_deref());
                users::update(tx, &account, &op.user_name, name, path)
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteUser> for Identity {
    async fn access(&self, op: &DeleteUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:DeleteUser", caller, &op.user_name)
    }

    async fn handle(&self, op: DeleteUser, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| users::delete(tx, &account, &op.user_name)).await?;
        Ok(Empty {})
    }
}

impl Serve<ListGroupsForUser> for Identity {
    async fn access(&self, op: &ListGroupsForUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:ListGroupsForUser", caller, &op.user_name)
    }

    async fn handle(
        &self,
        op: ListGroupsForUser,
        caller: &Caller,
    ) -> Result<ListGroupsForUserResult, ApiError> {
        let read = self.db.read()?;
        let user = users::named(&read, caller.account_id(), &op.user_name)?;
        let all = groups::of_user(&read, &user)?;
        let page = page(all, |group| group.name.to_lowercase(), op.marker.as_deref(), op.max_items)?;
        Ok(ListGroupsForUserResult {
            groups: page.items.iter().map(views::group).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
