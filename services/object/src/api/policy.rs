//! Bucket policies.

use api_spec::ErrorCode;
use api_spec::s3::bucket::PolicyStatus;
use auth::policy::Policy;
use axum::body::Body;
use axum::http::header;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::reply::{document, no_content, set};
use super::small_body;
use crate::error::Error;

/// The longest policy, in bytes.
const MAX_POLICY_BYTES: usize = 20 << 10;

fn none(x: &Exchange) -> Error {
    Error::NotConfigured {
        code: ErrorCode::NoSuchBucketPolicy,
        message: "The bucket policy does not exist",
        bucket: x.place.bucket.clone(),
    }
}

/// Answers GetBucketPolicy: the text as it was put.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let text = x.bucket()?.policy.clone().ok_or_else(|| none(x))?;
    let mut response = Response::new(Body::from(text));
    set(&mut response, header::CONTENT_TYPE, "application/json");
    Ok(response)
}

/// Answers GetBucketPolicyStatus.
pub fn status(x: &Exchange) -> Result<Response, Error> {
    let policy = x.service.policy(&x.place.bucket, x.bucket()?)?.ok_or_else(|| none(x))?;
    document("PolicyStatus", &PolicyStatus { is_public: policy.is_public() })
}

/// Answers PutBucketPolicy.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let bytes = small_body::read(x, body).await?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::MalformedPolicy("Policies must be valid JSON and the first byte must be '{'".into())
    })?;
    let policy = checked(&text, &x.place.bucket)?;
    let public = policy.is_public();
    let refused = move || Error::AccessDenied("the public access block refuses public policies".into());
    if public && x.bucket()?.blocked().public_policy {
        return Err(refused());
    }
    change(x, move |bucket| {
        if public && bucket.blocked().public_policy {
            return Err(refused());
        }
        bucket.policy = Some(text.clone());
        Ok(())
    })
    .await?;
    Ok(no_content())
}

/// Compiles a policy and holds it to what a bucket's policy may say.
fn checked(text: &str, bucket: &str) -> Result<Policy, Error> {
    let malformed = |why: &str| Error::MalformedPolicy(why.to_owned());
    if text.trim().is_empty() {
        return Err(Error::MissingRequestBody);
    }
    if text.len() > MAX_POLICY_BYTES {
        return Err(malformed("Policy exceeds the maximum allowed document size of 20480 bytes"));
    }
    if !text.trim_start().starts_with('{') {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let policy = Policy::parse_resource(text).map_err(|error| malformed(&error.to_string()))?;
    let own = format!("arn:aws:s3:::{bucket}");
    let of_bucket = |resource: &str| {
        resource == own || resource.strip_prefix(&own).is_some_and(|rest| rest.starts_with('/'))
    };
    if policy.resources().any(|(_, resource)| !of_bucket(resource)) {
        return Err(malformed("Policy has invalid resource"));
    }
    let of_s3 = |action: &str| action == "*" || action.to_ascii_lowercase().starts_with("s3:");
    if policy.actions().any(|(_, action)| !of_s3(action)) {
        return Err(malformed("Policy has invalid action"));
    }
    Ok(policy)
}

/// Answers DeleteBucketPolicy.
pub async fn delete(x: &Exchange) -> Result<Response, Error> {
    change(x, |bucket| {
        bucket.policy = None;
        Ok(())
    })
    .await?;
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(action: &str, resource: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"{action}","Resource":"{resource}"}}]}}"#
        )
    }

    #[test]
    fn a_policy_is_about_its_own_bucket_and_s3() {
        assert!(checked(&policy("s3:GetObject", "arn:aws:s3:::bucket/*"), "bucket").is_ok());
        assert!(checked(&policy("s3:ListBucket", "arn:aws:s3:::bucket"), "bucket").is_ok());
        for (action, resource) in [
            ("s3:GetObject", "arn:aws:s3:::other/*"),
            ("s3:GetObject", "arn:aws:s3:::bucket-two/*"),
            ("s3:GetObject", "*"),
            ("ec2:RunInstances", "arn:aws:s3:::bucket/*"),
        ] {
            let refused = checked(&policy(action, resource), "bucket");
            assert!(matches!(refused, Err(Error::MalformedPolicy(_))), "{action} {resource}");
        }
        assert!(matches!(checked("not json", "bucket"), Err(Error::MalformedPolicy(_))));
    }
}
