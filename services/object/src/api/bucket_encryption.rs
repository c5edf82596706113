//! A bucket's default encryption: GetBucketEncryption, PutBucketEncryption, DeleteBucketEncryption.
//!
//! Without one the installation's default holds (`[object] default_encryption`); where that is none, objects are not
//! encrypted, and this says so.

use api_spec::ErrorCode;
use api_spec::s3::encryption::{
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use axum::body::Body;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::reply::{document, no_content, ok};
use super::small_body;
use crate::domain::encryption::DefaultEncryption;
use crate::error::Error;

const ROOT: &str = "ServerSideEncryptionConfiguration";

/// Answers GetBucketEncryption.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let default = x.bucket()?.encryption.clone().or_else(|| x.service.config.default_for_buckets());
    let Some(default) = default else {
        return Err(Error::NotConfigured {
            code: ErrorCode::ServerSideEncryptionConfigurationNotFound,
            message: "The server side encryption configuration was not found",
            bucket: x.place.bucket.clone(),
        });
    };
    let method = ServerSideEncryptionByDefault {
        sse_algorithm: if default.kms { "aws:kms" } else { "AES256" }.into(),
        kms_master_key_id: default.key,
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(method),
        bucket_key_enabled: Some(default.bucket_key),
    };
    document(ROOT, &ServerSideEncryptionConfiguration { rules: vec![rule] })
}

/// Answers PutBucketEncryption.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: ServerSideEncryptionConfiguration = small_body::document(x, body, ROOT).await?;
    let default = read(asked)?;
    change(x, move |bucket| {
        bucket.encryption = Some(default.clone());
        Ok(())
    })
    .await?;
    Ok(ok())
}

fn read(asked: ServerSideEncryptionConfiguration) -> Result<DefaultEncryption, Error> {
    let [rule] = <[_; 1]>::try_from(asked.rules)
        .map_err(|rules| Error::MalformedXml(format!("{} rules and not one", rules.len())))?;
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    let Some(method) = rule.apply_server_side_encryption_by_default else {
        return Err(Error::MalformedXml("a rule without a method".into()));
    };
    let key = method.kms_master_key_id.filter(|key| !key.is_empty());
    match (method.sse_algorithm.as_str(), key) {
        ("AES256", Some(key)) => Err(Error::argument(
            "KMSMasterKeyID",
            &key,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        )),
        ("AES256", None) => Ok(DefaultEncryption { kms: false, key: None, bucket_key }),
        ("aws:kms", key) => Ok(DefaultEncryption { kms: true, key, bucket_key }),
        ("aws:kms:dsse", _) => Err(Error::NotImplemented("aws:kms:dsse".into())),
        (other, _) => Err(Error::MalformedXml(format!("the algorithm {other} is not known"))),
    }
}

/// Answers DeleteBucketEncryption.
pub async fn delete(x: &Exchange) -> Result<Response, Error> {
    change(x, |bucket| {
        bucket.encryption = None;
        Ok(())
    })
    .await?;
    Ok(no_content())
}
