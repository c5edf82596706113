//! Ownership controls and the public access block: what decides whether ACLs and public policies count.

use api_spec::ErrorCode;
use api_spec::s3::bucket::{OwnershipControls, OwnershipRule, PublicAccessBlockConfiguration};
use axum::body::Body;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::reply::{document, no_content, ok};
use super::small_body;
use crate::domain::bucket::{Block, Ownership};
use crate::error::Error;

/// Answers GetPublicAccessBlock.
pub fn get_block(x: &Exchange) -> Result<Response, Error> {
    let block = x.bucket()?.block.ok_or_else(|| Error::NotConfigured {
        code: ErrorCode::NoSuchPublicAccessBlockConfiguration,
        message: "The public access block configuration was not found",
        bucket: x.place.bucket.clone(),
    })?;
    document(
        "PublicAccessBlockConfiguration",
        &PublicAccessBlockConfiguration {
            block_public_acls: Some(block.public_acls),
            ignore_public_acls: Some(block.ignore_public_acls),
            block_public_policy: Some(block.public_policy),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        },
    )
}

/// Answers PutPublicAccessBlock: what is not mentioned is off.
pub async fn put_block(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: PublicAccessBlockConfiguration =
        small_body::document(x, body, "PublicAccessBlockConfiguration").await?;
    let block = Block {
        public_acls: asked.block_public_acls.unwrap_or(false),
        ignore_public_acls: asked.ignore_public_acls.unwrap_or(false),
        public_policy: asked.block_public_policy.unwrap_or(false),
        restrict_public_buckets: asked.restrict_public_buckets.unwrap_or(false),
    };
    change(x, move |bucket| {
        bucket.block = Some(block);
        Ok(())
    })
    .await?;
    Ok(ok())
}

/// Answers DeletePublicAccessBlock.
pub async fn delete_block(x: &Exchange) -> Result<Response, Error> {
    change(x, |bucket| {
        bucket.block = None;
        Ok(())
    })
    .await?;
    Ok(no_content())
}

/// Answers GetBucketOwnershipControls.
pub fn get_controls(x: &Exchange) -> Result<Response, Error> {
    let ownership = x.bucket()?.ownership.ok_or_else(|| Error::NotConfigured {
        code: ErrorCode::OwnershipControlsNotFound,
        message: "The bucket ownership controls were not found",
        bucket: x.place.bucket.clone(),
    })?;
    let rule = OwnershipRule { object_ownership: ownership.as_str().to_owned() };
    document("OwnershipControls", &OwnershipControls { rules: vec![rule] })
}

/// Answers PutBucketOwnershipControls.
pub async fn put_controls(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: OwnershipControls = small_body::document(x, body, "OwnershipControls").await?;
    let ownership = match asked.rules.as_slice() {
        [rule] => Ownership::of(rule.object_ownership.trim()),
        _ => None,
    };
    let ownership = ownership.ok_or_else(|| Error::MalformedXml("not exactly one known ownership".into()))?;
    change(x, move |bucket| {
        if ownership == Ownership::BucketOwnerEnforced && bucket.acl.names_others_than(&bucket.owner) {
            return Err(Error::AclWithOwnerEnforced);
        }
        bucket.ownership = Some(ownership);
        Ok(())
    })
    .await?;
    Ok(ok())
}

/// Answers DeleteBucketOwnershipControls.
pub async fn delete_controls(x: &Exchange) -> Result<Response, Error> {
    change(x, |bucket| {
        bucket.ownership = None;
        Ok(())
    })
    .await?;
    Ok(no_content())
}
