//! May this caller? Policies first; where they say neither yes nor no, the access control lists, as far as they are
//! switched on. Every operation passes here before it is handled.

use api_spec::{ApiError, ErrorCode};
use auth::policy::{Decision, Kind, Policy, Principal};
use auth::sigv4::Carrier;
use kit::Access;
use kit::authorize::{Denied, Refused, allowed_apart, authorize};
use store::Read;

use super::acl::ANONYMOUS_ID;
use super::exchange::Exchange;
use super::headers::GRANT_HEADERS;
use super::lock::{keys_of_headers, may_lock};
use super::put_log::LOGGING;
use super::route::Operation;
use super::{control, payment, tagging};
use crate::domain::acl::{Acl, Named, Permission};
use crate::domain::bucket::Bucket;
use crate::domain::object::Object;
use crate::error::Error;
use crate::store::UPLOADS;

/// What an access is to.
pub struct Resource<'a> {
    /// Bucket name.
    pub name: &'a str,
    /// The bucket.
    pub bucket: &'a Bucket,
    /// Key; empty for the bucket itself.
    pub key: &'a str,
    /// The object, if it is there.
    pub object: Option<&'a Object>,
}

impl Resource<'_> {
    fn arn(&self) -> String {
        match self.key {
            "" => format!("arn:aws:s3:::{}", self.name),
            key => format!("arn:aws:s3:::{}/{key}", self.name),
        }
    }
}

/// Decides on everything that the operation is about to do.
pub async fn check(x: &Exchange) -> Result<Option<Decision>, Error> {
    use Operation as O;
    let operation = x.operation;
    match operation {
        Operation::ListBuckets => return plain(x, operation.action(), "arn:aws:s3:::*").await.map(Some),
        Operation::CreateBucket if matches!(x.caller.principal(), Principal::Anonymous) => {
            return Err(Error::AccessDenied("anonymous".into()));
        }
        Operation::CreateBucket => return check_create(x).await.map(Some),
        _ => {}
    }
    let bucket = x.bucket()?;
    expected_owner(x)?;
    payment::check(x)?;
    // each key is decided on by itself, and its refusal stands in the reply
    if operation == Operation::DeleteObjects {
        return Ok(None);
    }
    if matches!(operation, Operation::ListTagsForResource | Operation::TagResource | Operation::UntagResource)
    {
        control::check_account(x)?;
    }
    let resource = Resource { name: &x.place.bucket, bucket, key: &x.place.key, object: x.object.as_ref() };
    let decision = may(x, &action(x), &resource).await?;
    let writes = matches!(operation, O::PutObject | O::PostObject | O::CopyObject | O::CreateMultipartUpload);
    if writes && has_acl(x) {
        may_set_acl(x, &resource).await?;
    }
    if writes && x.tags.is_some() {
        may(x, "s3:PutObjectTagging", &Resource { object: None, ..resource }).await?;
    }
    if writes {
        may_lock(x, &resource).await?;
    }
    if operation == Operation::GetObjectAttributes {
        let read = if x.version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        may(x, read, &resource).await?;
    }
    let compares = matches!(
        operation,
        O::PutObject | O::PostObject | O::CopyObject | O::CompleteMultipartUpload | O::DeleteObject
    );
    // whoever compares an ETag learns whether it is the object's
    if compares && x.header("if-match").is_some_and(|etag| etag.trim() != "*") {
        may(x, "s3:GetObject", &resource).await?;
    }
    Ok(Some(decision))
}

/// Whether the bucket belongs to whom the caller thinks.
fn expected_owner(x: &Exchange) -> Result<(), Error> {
    is_expected(x, "x-amz-expected-bucket-owner", &x.bucket()?.account)
}

/// Whether an account is the one that a header expects.
///
/// # Errors
/// `AccessDenied`, or `InvalidBucketOwnerAWSAccountID` for what is no account.
pub fn is_expected(x: &Exchange, header: &str, account: &str) -> Result<(), Error> {
    match x.header(header) {
        Some(expected) if expected.len() != 12 || !expected.bytes().all(|b| b.is_ascii_digit()) => {
            Err(Error::Refused {
                code: ErrorCode::InvalidBucketOwnerAwsAccountId,
                message: "The value of the expected bucket owner parameter must be an AWS account ID",
            })
        }
        Some(expected) if expected != account => {
            Err(Error::AccessDenied("the bucket is not owned by the expected account".into()))
        }
        _ => Ok(()),
    }
}

/// Whether the caller may put an object with a list of grants. The object becomes the writer's, so it is the writer's own
/// account that has to allow it, and the bucket's policy must not deny it: AWS's example of a bucket that takes objects
/// with `bucket-owner-full-control` allows `s3:PutObject` alone. Services of the cloud have no account.
async fn may_set_acl(x: &Exchange, resource: &Resource<'_>) -> Result<(), Error> {
    let own = match x.caller.principal() {
        Principal::Service { .. } => return Ok(()),
        Principal::Anonymous => &resource.bucket.account,
        _ => x.caller.account_id(),
    };
    let new = Resource { object: None, ..*resource };
    may_as(x, "s3:PutObjectAcl", &new, own).await.map(drop)
}

fn has_acl(x: &Exchange) -> bool {
    x.headers.contains_key("x-amz-acl") || GRANT_HEADERS.iter().any(|(name, _)| x.headers.contains_key(*name))
}

/// With a version id S3 asks for the action of versions.
fn action(x: &Exchange) -> String {
    let action = x.operation.action();
    match (x.operation, x.query.has("versionId")) {
        (
            Operation::GetObject
            | Operation::HeadObject
            | Operation::DeleteObject
            | Operation::GetObjectAcl
            | Operation::PutObjectAcl
            | Operation::GetObjectTagging
            | Operation::PutObjectTagging
            | Operation::DeleteObjectTagging
            | Operation::GetObjectAttributes,
            true,
        ) => {
            let base =
                action.trim_end_matches("Acl").trim_end_matches("Tagging").trim_end_matches("Attributes");
            format!("{base}Version{}", &action[base.len()..])
        }
        _ => action.to_owned(),
    }
}

async fn check_create(x: &Exchange) -> Result<Decision, Error> {
    let arn = format!("arn:aws:s3:::{}", x.place.bucket);
    let mut access = Access::new("s3:CreateBucket", arn.as_str());
    if let Some(location) = x.new_bucket.as_ref().and_then(|asked| asked.location()) {
        access.keys.insert("s3:LocationConstraint", location);
    }
    let decision = plain_access(x, access).await?;
    if has_acl(x) {
        plain(x, "s3:PutBucketAcl", &arn).await?;
    }
    if x.tags.is_some() {
        plain(x, "s3:TagResource", &arn).await?;
    }
    if x.headers.contains_key("x-amz-object-ownership") {
        plain(x, "s3:PutBucketOwnershipControls", &arn).await?;
    }
    if x.headers.contains_key("x-amz-bucket-object-lock-enabled") {
        plain(x, "s3:PutBucketObjectLockConfiguration", &arn).await?;
        plain(x, "s3:PutBucketVersioning", &arn).await?;
    }
    Ok(decision)
}

/// Decides on something that has no policy of its own.
async fn plain(x: &Exchange, action: &str, arn: &str) -> Result<Decision, Error> {
    if matches!(x.caller.principal(), Principal::Anonymous) {
        return Err(Error::AccessDenied("anonymous".into()));
    }
    plain_access(x, Access::new(action, arn)).await
}

async fn plain_access(x: &Exchange, access: Access) -> Result<Decision, Error> {
    let action = access.action.clone();
    let mut access = with_keys(x, access);
    tagging::add_keys(x, &action, None, &mut access.keys);
    match decide(x, access).await? {
        Ok(decision) => Ok(decision),
        Err(denied) => Err(refusal(x, &denied, x.caller.account_id())),
    }
}

/// Decides on an action on a bucket or an object.
pub async fn may(x: &Exchange, action: &str, resource: &Resource<'_>) -> Result<Decision, Error> {
    may_as(x, action, resource, owner_account(action, resource)).await
}

/// The same, where `owner` is the account whose word counts.
async fn may_as(x: &Exchange, action: &str, resource: &Resource<'_>, owner: &str) -> Result<Decision, Error> {
    let policy = effective_policy(x, action, resource)?;
    let arn = resource.arn();
    let one_sided = owner == resource.bucket.account || policy.is_none();
    if one_sided
        && let Some(decision) =
            allowed_apart(&x.service.context, &x.caller, (action, &arn), policy.as_ref(), owner)
    {
        x.decided(&decision);
        return Ok(decision);
    }
    let mut access = with_keys(x, Access::new(action, arn))
        .key("s3:ResourceAccount", &resource.bucket.account)
        .key("aws:ResourceAccount", &resource.bucket.account)
        .owned_by(owner, policy.clone());
    tagging::add_keys(x, action, resource.object, &mut access.keys);
    if owner != resource.bucket.account && policy.is_some() {
        // over what is somebody else's a bucket's policy can deny, but not allow
        if let Err(denied) = judge(x, &access).await?
            && matches!(denied.decision, Decision::DeniedExplicitly { .. })
        {
            x.decided(&denied.decision);
            return Err(refusal(x, &denied, owner));
        }
        access = access.owned_by(owner, None);
    }
    let denied = match decide(x, access).await? {
        Ok(decision) => return Ok(decision),
        Err(denied) => denied,
    };
    match (granted(x, action, resource), &denied.decision) {
        (Some(Named::Group), Decision::DeniedImplicitly { .. })
        | (Some(Named::Account), Decision::DeniedImplicitly { missing: Kind::Resource }) => {
            tracing::debug!(action, "an access control list allows it");
            x.notes.by_acl();
            Ok(denied.decision)
        }
        _ => Err(refusal(x, &denied, owner)),
    }
}

async fn decide(x: &Exchange, access: Access) -> Result<Result<Decision, Box<Denied>>, Error> {
    let judged = judge(x, &access).await?;
    x.decided(judged.as_ref().unwrap_or_else(|denied| &denied.decision));
    Ok(judged)
}

/// Decides without telling the audit trail.
async fn judge(x: &Exchange, access: &Access) -> Result<Result<Decision, Box<Denied>>, Error> {
    match authorize(&x.service.context, &x.caller, std::slice::from_ref(access)).await {
        Ok(mut decisions) => match decisions.pop() {
            Some(decision) => Ok(Ok(decision)),
            None => Err(Error::Internal("an access came to no decision".into())),
        },
        Err(Refused::Failed(error)) => Err(error.into()),
        Err(Refused::Denied(denied)) => Ok(Err(denied)),
    }
}

/// Callers of the owner's account are told why, others are not.
fn refusal(x: &Exchange, denied: &Denied, owner: &str) -> Error {
    match !owner.is_empty() && x.caller.account_id() == owner {
        true => ApiError::new(ErrorCode::AccessDenied, denied.message.clone()).into(),
        false => Error::AccessDenied(denied.message.clone()),
    }
}

/// Whose word counts: an object's owner for the object, where ACLs are on; else the bucket's.
fn owner_account<'r>(action: &str, resource: &Resource<'r>) -> &'r str {
    let own = matches!(
        action,
        "s3:GetObject"
            | "s3:GetObjectVersion"
            | "s3:GetObjectAcl"
            | "s3:PutObjectAcl"
            | "s3:GetObjectVersionAcl"
            | "s3:PutObjectVersionAcl"
    );
    match resource.object {
        Some(object) if own && resource.bucket.acls_enabled() => &object.account,
        _ => &resource.bucket.account,
    }
}

/// The bucket's policy, as far as it counts for this caller.
fn effective_policy(x: &Exchange, action: &str, resource: &Resource<'_>) -> Result<Option<Policy>, Error> {
    let bucket = resource.bucket;
    let Some(policy) = x.service.policy(resource.name, bucket)? else { return Ok(None) };
    let own_account = x.caller.account_id() == bucket.account;
    let is_root = matches!(x.caller.principal(), Principal::Root { .. });
    // the owner must not be locked out of the lock
    let keys = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
    if own_account && is_root && keys.contains(&action) {
        return Ok(None);
    }
    let is_service = matches!(x.caller.principal(), Principal::Service { .. });
    let restricts = bucket.blocked().restrict_public_buckets && policy.is_public();
    let restricted = restricts && !own_account && !is_service;
    Ok((!restricted).then_some(policy))
}

/// How the access control lists grant an action to the caller.
fn granted(x: &Exchange, action: &str, resource: &Resource<'_>) -> Option<Named> {
    if matches!(action, "s3:AbortMultipartUpload" | "s3:ListMultipartUploadParts") {
        return began_upload(x, resource).then_some(Named::Account);
    }
    if !resource.bucket.acls_enabled() {
        return None;
    }
    let of_bucket = |permission| Some((&resource.bucket.acl, permission));
    let of_object = |permission| resource.object?.acl.as_ref().map(|acl| (acl, permission));
    let (acl, permission): (&Acl, Permission) = match action {
        "s3:ListBucket" | "s3:ListBucketVersions" | "s3:ListBucketMultipartUploads" => {
            of_bucket(Permission::Read)
        }
        // WRITE lets new objects be made; existing ones are overwritten and deleted by their owners only
        "s3:PutObject" if resource.object.is_none_or(|object| owns(x, object)) => {
            of_bucket(Permission::Write)
        }
        "s3:DeleteObject" if resource.object.is_some_and(|object| owns(x, object)) => {
            of_bucket(Permission::Write)
        }
        "s3:GetBucketAcl" => of_bucket(Permission::ReadAcp),
        "s3:PutBucketAcl" => of_bucket(Permission::WriteAcp),
        "s3:GetObject" | "s3:GetObjectVersion" => of_object(Permission::Read),
        "s3:GetObjectAcl" | "s3:GetObjectVersionAcl" => of_object(Permission::ReadAcp),
        "s3:PutObjectAcl" | "s3:PutObjectVersionAcl" => of_object(Permission::WriteAcp),
        _ => None,
    }?;
    let delivers = matches!(x.caller.principal(), Principal::Service { name } if name == LOGGING);
    if delivers && acl.grants_log_delivery(permission) {
        return Some(Named::Group);
    }
    acl.grants(permission, x.caller.canonical_user_id(), !resource.bucket.blocked().ignore_public_acls)
}

/// Whether an object is the caller's. What was put without signing is everyone's who does not sign.
fn owns(x: &Exchange, object: &Object) -> bool {
    match x.caller.principal() {
        Principal::Anonymous => object.owner == ANONYMOUS_ID,
        _ => object.owner == x.caller.canonical_user_id(),
    }
}

/// Whether the caller's account began the upload that the request names: it may list its parts and give it up.
fn began_upload(x: &Exchange, resource: &Resource<'_>) -> bool {
    let Some(id) = x.query.get("uploadId") else { return false };
    let row = (resource.name.to_owned(), resource.key.to_owned(), id.to_owned());
    let Ok(snapshot) = x.snapshot() else { return false };
    let Ok(Some(upload)) = snapshot.get(&UPLOADS, &row) else { return false };
    let account = x.caller.account_id();
    !account.is_empty() && upload.initiator.split(':').nth(4) == Some(account)
}

/// The condition key that a header is asked for by.
fn key_of_header(name: &str) -> Option<&'static str> {
    Some(match name {
        "x-amz-server-side-encryption" => "s3:x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id" => "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-customer-algorithm" => {
            "s3:x-amz-server-side-encryption-customer-algorithm"
        }
        "if-match" => "s3:if-match",
        "if-none-match" => "s3:if-none-match",
        "x-amz-acl" => "s3:x-amz-acl",
        "x-amz-copy-source" => "s3:x-amz-copy-source",
        "x-amz-metadata-directive" => "s3:x-amz-metadata-directive",
        "x-amz-storage-class" => "s3:x-amz-storage-class",
        "x-amz-content-sha256" => "s3:x-amz-content-sha256",
        "x-amz-object-ownership" => "s3:x-amz-object-ownership",
        "x-amz-grant-full-control" => "s3:x-amz-grant-full-control",
        "x-amz-grant-read" => "s3:x-amz-grant-read",
        "x-amz-grant-write" => "s3:x-amz-grant-write",
        "x-amz-grant-read-acp" => "s3:x-amz-grant-read-acp",
        "x-amz-grant-write-acp" => "s3:x-amz-grant-write-acp",
        _ => return None,
    })
}

/// The condition keys that S3 knows of a request.
fn with_keys(x: &Exchange, mut access: Access) -> Access {
    for name in x.headers.keys() {
        if let (Some(key), Some(value)) = (key_of_header(name.as_str()), x.header(name.as_str())) {
            access.keys.insert(key, value);
        }
    }
    for (parameter, key) in [
        ("prefix", "s3:prefix"),
        ("delimiter", "s3:delimiter"),
        ("max-keys", "s3:max-keys"),
        ("versionId", "s3:VersionId"),
    ] {
        if let Some(value) = x.query.get(parameter) {
            access.keys.insert(key, value);
        }
    }
    for (key, value) in keys_of_headers(x) {
        access.keys.insert(key, value);
    }
    for (key, value) in &x.keys {
        access.keys.insert(*key, value);
    }
    if let Some(signature) = &x.caller.signature {
        let kind = match signature.sig.carrier {
            Carrier::Header => "REST-HEADER",
            Carrier::Query => "REST-QUERY-STRING",
            Carrier::Form => "POST",
        };
        access.keys.insert("s3:authType", kind).insert("s3:signatureversion", signature.version());
        access.keys.insert_number("s3:signatureAge", signature.verified.age_ms);
    }
    if let Some(version) = &x.caller.origin.tls_version {
        access.keys.insert("s3:TlsVersion", version.as_str());
    }
    if !x.caller.canonical_user_id().is_empty() {
        access.keys.insert("murus:canonicaluserid", x.caller.canonical_user_id());
    }
    access
}
