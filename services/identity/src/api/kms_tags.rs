//! KMS: tags of keys.

use api_spec::kms::{ListResourceTags, ListResourceTagsResponse, Tag, TagResource, UntagResource};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::kms_paging::page;
use crate::domain::kms_key::KmsKey;
use crate::domain::kms_names;
use crate::error::Error;
use crate::identity::Identity;

/// Tags as they are kept.
pub fn kept(tags: &[Tag]) -> Vec<calls::Tag> {
    tags.iter().map(|tag| calls::Tag { key: tag.tag_key.clone(), value: tag.tag_value.clone() }).collect()
}

impl Serve<TagResource> for Identity {
    async fn access(&self, op: &TagResource, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let tags = kept(&op.tags);
        let accesses = self.on_key_by_id("kms:TagResource", caller, &op.key_id)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&tags)).collect())
    }

    async fn handle(&self, op: TagResource, caller: &Caller) -> Result<Empty, ApiError> {
        let (tags, region) = (kept(&op.tags), self.common.region.clone());
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.tags = kms_names::tags(&key.tags, &tags)?;
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<UntagResource> for Identity {
    async fn access(&self, op: &UntagResource, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_key_by_id("kms:UntagResource", caller, &op.key_id)?;
        for access in &mut accesses {
            access.keys.insert_many("aws:TagKeys", &op.tag_keys);
        }
        Ok(accesses)
    }

    async fn handle(&self, op: UntagResource, caller: &Caller) -> Result<Empty, ApiError> {
        kms_names::untagged(&op.tag_keys).map_err(Error::from)?;
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.tags.retain(|tag| !op.tag_keys.contains(&tag.key));
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<ListResourceTags> for Identity {
    async fn access(&self, op: &ListResourceTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:ListResourceTags", caller, &op.key_id)
    }

    async fn handle(
        &self,
        op: ListResourceTags,
        caller: &Caller,
    ) -> Result<ListResourceTagsResponse, ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, &op.key_id)?;
        let page = page(key.tags, |tag| tag.key.clone(), op.marker.as_deref(), op.limit, 50)?;
        let shown = |tag: calls::Tag| Tag { tag_key: tag.key, tag_value: tag.value };
        Ok(ListResourceTagsResponse {
            tags: page.items.into_iter().map(shown).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
