//! Tags of users, roles, customer managed policies and instance profiles, written once for whatever has tags.

use api_spec::iam::{
    self, ListInstanceProfileTags, ListInstanceProfileTagsResult, ListPolicyTags, ListPolicyTagsResult,
    ListRoleTags, ListRoleTagsResult, ListUserTags, ListUserTagsResult, TagInstanceProfile, TagPolicy,
    TagRole, TagUser, UntagInstanceProfile, UntagPolicy, UntagRole, UntagUser,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::untagging;
use super::paging::{Page, page};
use super::{tags as kept, views};
use crate::domain::entity::{InstanceProfile, Role, User};
use crate::domain::managed_policy::ManagedPolicy;
use crate::domain::tags;
use crate::identity::Identity;
use crate::store::tagged::Tagged;

impl Identity {
    pub(super) async fn tag<T: Tagged>(
        &self,
        caller: &Caller,
        name: String,
        new: &[iam::Tag],
    ) -> Result<Empty, ApiError> {
        let (account, new) = (caller.account_id().to_owned(), kept(new));
        tags::check(&new)?;
        self.db
            .change(move |tx| {
                let mut found = T::find(tx, &account, &name)?;
                tags::merge(found.tags_mut(), new.clone())?;
                found.put(tx)
            })
            .await?;
        Ok(Empty {})
    }

    pub(super) async fn untag<T: Tagged>(
        &self,
        caller: &Caller,
        name: String,
        keys: Vec<String>,
    ) -> Result<Empty, ApiError> {
        tags::check_keys(&keys)?;
        let account = caller.account_id().to_owned();
        self.db
            .change(move |tx| {
                let mut found = T::find(tx, &account, &name)?;
                tags::remove(found.tags_mut(), &keys);
                found.put(tx)
            })
            .await?;
        Ok(Empty {})
    }

    pub(super) fn tags_of<T: Tagged>(
        &self,
        caller: &Caller,
        name: &str,
        marker: Option<&str>,
        max_items: Option<i32>,
    ) -> Result<Page<iam::Tag>, ApiError> {
        let mut found = T::find(&self.db.read()?, caller.account_id(), name)?;
        let mut all = views::tags(found.tags_mut());
        all.sort_by(|a, b| a.key.cmp(&b.key));
        page(all, |tag| tag.key.clone(), marker, max_items)
    }
}

impl Serve<TagUser> for Identity {
    async fn access(&self, op: &TagUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses = self.on_user("iam:TagUser", caller, &op.user_name)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&kept(&op.tags))).collect())
    }

    async fn handle(&self, op: TagUser, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<User>(caller, op.user_name, &op.tags).await
    }
}

impl Serve<UntagUser> for Identity {
    async fn access(&self, op: &UntagUser, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(untagging(self.on_user("iam:UntagUser", caller, &op.user_name)?, &op.tag_keys))
    }

    async fn handle(&self, op: UntagUser, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<User>(caller, op.user_name, op.tag_keys).await
    }
}

impl Serve<ListUserTags> for Identity {
    async fn access(&self, op: &ListUserTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:ListUserTags", caller, &op.user_name)
    }

    async fn handle(&self, op: ListUserTags, caller: &Caller) -> Result<ListUserTagsResult, ApiError> {
        let page = self.tags_of::<User>(caller, &op.user_name, op.marker.as_deref(), op.max_items)?;
        Ok(ListUserTagsResult { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
    }
}

impl Serve<TagRole> for Identity {
    async fn access(&self, op: &TagRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses = self.on_role("iam:TagRole", caller, &op.role_name)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&kept(&op.tags))).collect())
    }

    async fn handle(&self, op: TagRole, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<Role>(caller, op.role_name, &op.tags).await
    }
}

impl Serve<UntagRole> for Identity {
    async fn access(&self, op: &UntagRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(untagging(self.on_role("iam:UntagRole", caller, &op.role_name)?, &op.tag_keys))
    }

    async fn handle(&self, op: UntagRole, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<Role>(caller, op.role_name, op.tag_keys).await
    }
}

impl Serve<ListRoleTags> for Identity {
    async fn access(&self, op: &ListRoleTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_role("iam:ListRoleTags", caller, &op.role_name)
    }

    async fn handle(&self, op: ListRoleTags, caller: &Caller) -> Result<ListRoleTagsResult, ApiError> {
        let page = self.tags_of::<Role>(caller, &op.role_name, op.marker.as_deref(), op.max_items)?;
        Ok(ListRoleTagsResult { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
    }
}

impl Serve<TagPolicy> for Identity {
    async fn access(&self, op: &TagPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses = self.on_own_policy("iam:TagPolicy", caller, &op.policy_arn)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&kept(&op.tags))).collect())
    }

    async fn handle(&self, op: TagPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<ManagedPolicy>(caller, op.policy_arn, &op.tags).await
    }
}

impl Serve<UntagPolicy> for Identity {
    async fn access(&self, op: &UntagPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(untagging(self.on_own_policy("iam:UntagPolicy", caller, &op.policy_arn)?, &op.tag_keys))
    }

    async fn handle(&self, op: UntagPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<ManagedPolicy>(caller, op.policy_arn, op.tag_keys).await
    }
}

impl Serve<ListPolicyTags> for Identity {
    async fn access(&self, op: &ListPolicyTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy("iam:ListPolicyTags", caller, &op.policy_arn)
    }

    async fn handle(&self, op: ListPolicyTags, caller: &Caller) -> Result<ListPolicyTagsResult, ApiError> {
        let page =
            self.tags_of::<ManagedPolicy>(caller, &op.policy_arn, op.marker.as_deref(), op.max_items)?;
        Ok(ListPolicyTagsResult { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
    }
}

impl Serve<TagInstanceProfile> for Identity {
    async fn access(&self, op: &TagInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses =
            self.on_instance_profile("iam:TagInstanceProfile", caller, &op.instance_profile_name)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&kept(&op.tags))).collect())
    }

    async fn handle(&self, op: TagInstanceProfile, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<InstanceProfile>(caller, op.instance_profile_name, &op.tags).await
    }
}

impl Serve<UntagInstanceProfile> for Identity {
    async fn access(&self, op: &UntagInstanceProfile, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(untagging(
            self.on_instance_profile("iam:UntagInstanceProfile", caller, &op.instance_profile_name)?,
            &op.tag_keys,
        ))
    }

    async fn handle(&self, op: UntagInstanceProfile, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<InstanceProfile>(caller, op.instance_profile_name, op.tag_keys).await
    }
}

impl Serve<ListInstanceProfileTags> for Identity {
    async fn access(&self, op: &ListInstanceProfileTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instance_profile("iam:ListInstanceProfileTags", caller, &op.instance_profile_name)
    }

    async fn handle(
        &self,
        op: ListInstanceProfileTags,
        caller: &Caller,
    ) -> Result<ListInstanceProfileTagsResult, ApiError> {
        let page = self.tags_of::<InstanceProfile>(
            caller,
            &op.instance_profile_name,
            op.marker.as_deref(),
            op.max_items,
        )?;
        Ok(ListInstanceProfileTagsResult {
            tags: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
