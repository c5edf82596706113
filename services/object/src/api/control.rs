//! s3control: the tags of a bucket by its ARN (`/v20180820/tags/{arn}`), the way Terraform reads and writes them.

use api_spec::s3::tagging::ListTagsForResourceResult;
use api_spec::{ApiError, Service as Api};
use axum::http::{Method, Uri};
use axum::response::Response;
use percent_encoding::percent_decode_str;

use super::bucket::change;
use super::exchange::Exchange;
use super::reply::{document_in, no_content};
use super::route::Operation;
use super::tagging::set_of;
use crate::domain::tag;
use crate::error::Error;

const PATH: &str = "/v20180820/";
const XMLNS: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/// Whether a path is one of s3control. Its calls name what they are about by ARN; no key is mistaken for one.
pub fn is_control(uri: &Uri) -> bool {
    arn(uri).is_some_and(|arn| arn.starts_with("arn:"))
}

fn arn(uri: &Uri) -> Option<String> {
    let rest = uri.path().strip_prefix(PATH)?.strip_prefix("tags/")?;
    percent_decode_str(rest).decode_utf8().ok().map(Into::into)
}

/// The bucket that a path of s3control names.
///
/// # Errors
/// `NotImplemented` for the ARN of anything but a bucket: there are no access points, no Storage Lens groups.
pub fn bucket(uri: &Uri) -> Result<String, Error> {
    let arn = arn(uri).unwrap_or_default();
    match arn.strip_prefix("arn:aws:s3:::").filter(|name| !name.is_empty() && !name.contains('/')) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Error::NotImplemented(format!("tags of {arn}"))),
    }
}

/// The operation of a method.
pub fn operation(method: &Method) -> Option<Operation> {
    match method.as_str() {
        "GET" => Some(Operation::ListTagsForResource),
        "POST" => Some(Operation::TagResource),
        "DELETE" => Some(Operation::UntagResource),
        _ => None,
    }
}

/// `tagKeys`, as often as it is given.
pub fn tag_keys(x: &Exchange) -> Vec<String> {
    x.query.iter().filter(|(name, _)| *name == "tagKeys").map(|(_, key)| key.to_owned()).collect()
}

/// Whether the account that the request names is the bucket's.
pub fn check_account(x: &Exchange) -> Result<(), Error> {
    let named = x.header("x-amz-account-id").ok_or_else(|| {
        Error::InvalidRequest("Missing required header for this request: x-amz-account-id".into())
    })?;
    match named == x.bucket()?.account {
        true => Ok(()),
        false => Err(Error::AccessDenied(format!("the bucket is not owned by the account {named}"))),
    }
}

/// Answers ListTagsForResource.
pub fn list(x: &Exchange) -> Result<Response, Error> {
    let tags = set_of(&x.bucket()?.tags);
    document_in(XMLNS, "ListTagsForResourceResult", &ListTagsForResourceResult { tags })
}

/// Answers TagResource: the bucket's other tags stay.
pub async fn tag(x: &Exchange) -> Result<Response, Error> {
    let fresh = x.tags.clone().unwrap_or_default();
    change(x, move |bucket| {
        bucket.tags.extend(fresh.clone());
        tag::few_for_a_bucket(&bucket.tags)
    })
    .await?;
    Ok(no_content())
}

/// Answers UntagResource: a key that is not there is gone already.
pub async fn untag(x: &Exchange) -> Result<Response, Error> {
    let keys = tag_keys(x);
    for key in &keys {
        tag::check_key(key)?;
    }
    change(x, move |bucket| {
        bucket.tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })
    .await?;
    Ok(no_content())
}

/// An error as s3control writes it: S3's, wrapped once more.
pub fn error(error: &ApiError, request_id: &str) -> Response {
    let mut body = api_spec::protocol::error_document::write(Api::Iam, error, request_id, "");
    body = body.replace(Api::Iam.xmlns(), XMLNS);
    kit::http::document(Api::S3, error.code.status(), body, request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_s3control_is_told_from_a_key() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let ours = uri("/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Amy-bucket");
        assert!(is_control(&ours));
        assert_eq!(bucket(&ours).unwrap(), "my-bucket");
        assert!(is_control(&uri("/v20180820/tags/arn:aws:s3:::b")));
        for key in ["/v20180820/tags/x", "/v20180820", "/v20180820/other", "/bucket/v20180820/tags/arn:x"] {
            assert!(!is_control(&uri(key)), "{key}");
        }
        for other in ["arn:aws:s3:::b/key", "arn:aws:s3:us-east-1:1:accesspoint/x", "arn:aws:s3:::"] {
            assert!(matches!(
                bucket(&uri(&format!("/v20180820/tags/{other}"))),
                Err(Error::NotImplemented(_))
            ));
        }
    }
}
