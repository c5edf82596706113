//! Access control lists of buckets and objects: canned, by grant headers, or as XML; and whose a new object is.

use api_spec::s3::acl::{AccessControlPolicy, Grant as WireGrant, Grantee as WireGrantee, Grants};
use auth::policy::Principal;
use axum::body::Body;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::get::existing;
use super::grantees::{self, NamedUser};
use super::headers::GRANT_HEADERS;
use super::list::owner_of;
use super::reply::{document, ok};
use super::small_body;
use crate::domain::acl::{ALL_USERS, AUTHENTICATED_USERS, Acl, Grant, Grantee, LOG_DELIVERY, Permission};
use crate::domain::bucket::{Bucket, Ownership};
use crate::error::Error;
use crate::store::versions;

/// A list has at most so many grants.
const MAX_GRANTS: usize = 100;
/// How S3 names whoever puts an object without signing.
pub const ANONYMOUS_ID: &str = "65a011a29cdf8ec533ec3d1ccaae921c";
/// Whom objects of S3's log delivery belong to, where they do not belong to the bucket's owner.
const LOG_SERVICE_ID: &str = "3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Whose a new object is, and who else may do something with it.
pub struct Owned {
    /// Canonical user id.
    pub owner: String,
    /// Account.
    pub account: String,
    /// Grants; none for the owner's alone.
    pub acl: Option<Acl>,
}

/// What a request says of the list it wants.
enum Asked {
    Nothing,
    Canned(String),
    Granted(Acl, Vec<NamedUser>),
}

/// Decides about a new object.
///
/// # Errors
/// `AccessControlListNotSupported` where ACLs are off, `AccessDenied` where public ones are blocked.
pub async fn for_new_object(x: &Exchange) -> Result<Owned, Error> {
    let bucket = x.bucket()?;
    let asked = from_headers(x)?;
    let to_owner = matches!(&asked, Asked::Canned(name) if name == "bucket-owner-full-control");
    let owners = bucket.ownership == Some(Ownership::BucketOwnerEnforced)
        || (bucket.ownership == Some(Ownership::BucketOwnerPreferred) && to_owner);
    let (owner, account) = match (owners, x.caller.holder()) {
        (true, _) => (bucket.owner.clone(), bucket.account.clone()),
        (false, Some(holder)) => (holder.canonical_user_id.clone(), holder.account_id.clone()),
        (false, None) if matches!(x.caller.principal(), Principal::Service { .. }) => {
            (LOG_SERVICE_ID.to_owned(), String::new())
        }
        (false, None) => (ANONYMOUS_ID.to_owned(), String::new()),
    };
    let acl = settle(x, asked, bucket, &owner, Some(&bucket.owner)).await?;
    Ok(Owned { owner, account, acl })
}

/// Decides about a new bucket, whose ownership is set already.
pub async fn for_new_bucket(x: &Exchange, bucket: &Bucket) -> Result<Acl, Error> {
    let asked = from_headers(x)?;
    let plain = matches!(&asked, Asked::Nothing)
        || matches!(&asked, Asked::Canned(name) if name == "private" || name == "bucket-owner-full-control");
    if !bucket.acls_enabled() && !plain {
        return Err(Error::AclWithOwnerEnforced);
    }
    if plain {
        return Ok(Acl::private(&bucket.owner));
    }
    let acl = match settle(x, asked, bucket, &bucket.owner, None).await {
        Err(Error::AccessDenied(_)) => return Err(Error::AclWithPublicBlocked),
        settled => settled?,
    };
    Ok(acl.unwrap_or_else(|| Acl::private(&bucket.owner)))
}

/// Holds what is asked against what the bucket allows.
async fn settle(
    x: &Exchange,
    asked: Asked,
    bucket: &Bucket,
    owner: &str,
    bucket_owner: Option<&str>,
) -> Result<Option<Acl>, Error> {
    let mut users = Vec::new();
    let acl = match asked {
        Asked::Nothing => return Ok(None),
        Asked::Canned(name) => {
            let acl = Acl::canned(&name, owner, bucket_owner);
            let acl = acl.ok_or_else(|| Error::argument("x-amz-acl", &name, "Invalid x-amz-acl header"))?;
            if !bucket.acls_enabled() {
                return if name == "bucket-owner-full-control" { Ok(None) } else { Err(Error::AclsOff) };
            }
            acl
        }
        Asked::Granted(acl, named) => {
            users = named;
            acl
        }
    };
    check(&acl, bucket)?;
    grantees::are_known(x, &[owner, &bucket.owner], users).await?;
    Ok(bucket.acls_enabled().then_some(acl))
}

/// Whether a bucket takes a list at all.
///
/// # Errors
/// `AccessControlListNotSupported` where ACLs are off, `AccessDenied` where public ones are blocked.
pub fn check(acl: &Acl, bucket: &Bucket) -> Result<(), Error> {
    if !bucket.acls_enabled() {
        let owners =
            [Grant { grantee: Grantee::User(bucket.owner.clone()), permission: Permission::FullControl }];
        return if acl.grants == owners { Ok(()) } else { Err(Error::AclsOff) };
    }
    if acl.is_public() && bucket.blocked().public_acls {
        return Err(Error::AccessDenied("the public access block refuses public ACLs".into()));
    }
    Ok(())
}

fn from_headers(x: &Exchange) -> Result<Asked, Error> {
    let canned = x.header("x-amz-acl");
    let (mut grants, mut users) = (Vec::new(), Vec::new());
    for (name, permission) in GRANT_HEADERS {
        let Some(text) = x.header(name) else { continue };
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let grantee = grantee_of_header(name, one)?;
            users.extend(NamedUser::of(&grantee, name, one));
            grants.push(Grant { grantee, permission });
        }
    }
    match (canned, grants.is_empty()) {
        (None, true) => Ok(Asked::Nothing),
        (Some(name), true) => Ok(Asked::Canned(name.to_owned())),
        (None, false) => Ok(Asked::Granted(limited(grants)?, users)),
        (Some(_), false) => {
            Err(Error::InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed".into()))
        }
    }
}

/// `id="..."`, `uri="..."`.
fn grantee_of_header(header: &str, text: &str) -> Result<Grantee, Error> {
    let invalid = |message: &str| Error::argument(header, text, message);
    let (kind, value) = text.split_once('=').ok_or_else(|| invalid("Argument format not recognized"))?;
    let value = value.trim().trim_matches('"');
    match kind.trim() {
        "id" => user(value).ok_or_else(|| invalid(grantees::INVALID)),
        "uri" => Grantee::of_uri(value).ok_or_else(|| invalid("Invalid group uri")),
        "emailAddress" => Err(no_email()),
        _ => Err(invalid("Argument format not recognized")),
    }
}

/// Since October 2025 AWS takes no grants by e-mail address.
fn no_email() -> Error {
    Error::Refused {
        code: api_spec::ErrorCode::MethodNotAllowed,
        message: "The specified method is not allowed against this resource.",
    }
}

fn user(id: &str) -> Option<Grantee> {
    let known = id == ANONYMOUS_ID || (id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    known.then(|| Grantee::User(id.to_ascii_lowercase()))
}

fn limited(grants: Vec<Grant>) -> Result<Acl, Error> {
    match grants.len() > MAX_GRANTS {
        true => Err(Error::MalformedAcl(format!("{} grants", grants.len()))),
        false => Ok(Acl { grants }),
    }
}

/// The list that a `Put...Acl` asks for: by header or by document, not both.
async fn asked_to_put(x: &Exchange, body: &mut Option<Body>, owner: &str) -> Result<Asked, Error> {
    let asked = from_headers(x)?;
    let bytes = small_body::read(x, body).await?;
    match (asked, bytes.is_empty()) {
        (Asked::Nothing, true) => Err(Error::MissingHeader("x-amz-acl")),
        (Asked::Nothing, false) => from_document(&bytes, owner),
        (asked, true) => Ok(asked),
        // the access control list is given in headers
        (_, false) => Err(Error::UnexpectedContent),
    }
}

fn from_document(bytes: &[u8], owner: &str) -> Result<Asked, Error> {
    let malformed = |why: &str| Error::MalformedAcl(why.to_owned());
    let document: AccessControlPolicy =
        api_spec::s3::read(bytes, "AccessControlPolicy").map_err(|error| Error::MalformedAcl(error.0))?;
    if let Some(named) = document.owner.filter(|named| named.id != owner) {
        return Err(Error::AccessDenied(format!("the list names the owner {}", named.id)));
    }
    let list = document.access_control_list.ok_or_else(|| malformed("no AccessControlList"))?;
    let mut grants = Vec::with_capacity(list.grants.len());
    let mut users = Vec::new();
    for grant in list.grants {
        let permission = grant.permission.as_deref().and_then(|word| Permission::of(word.trim()));
        let permission = permission.ok_or_else(|| malformed("unknown permission"))?;
        let grantee = grant.grantee.ok_or_else(|| malformed("no grantee"))?;
        let grantee = grantee_of_document(grantee)?;
        users.extend(NamedUser::of_document(&grantee));
        grants.push(Grant { grantee, permission });
    }
    Ok(Asked::Granted(limited(grants)?, users))
}

/// Who is named by an element.
pub fn grantee_of_document(grantee: WireGrantee) -> Result<Grantee, Error> {
    let WireGrantee { id, uri, email_address, .. } = grantee;
    match (id, uri, email_address) {
        (Some(id), None, None) => {
            user(id.trim()).ok_or_else(|| Error::argument(grantees::ELEMENT, &id, grantees::INVALID))
        }
        (None, Some(uri), None) => {
            Grantee::of_uri(uri.trim()).ok_or_else(|| Error::argument("Group/URI", &uri, "Invalid group uri"))
        }
        (None, None, Some(_)) => Err(no_email()),
        _ => Err(Error::MalformedAcl("a grantee is not named in exactly one way".into())),
    }
}

fn shown(owner: &str, acl: &Acl) -> Result<Response, Error> {
    let grants = acl.grants.iter().map(shown_grant).collect();
    document(
        "AccessControlPolicy",
        &AccessControlPolicy { owner: Some(owner_of(owner)), access_control_list: Some(Grants { grants }) },
    )
}

/// A grant as an element.
pub fn shown_grant(grant: &Grant) -> WireGrant {
    let group = |uri: &str| ("Group", None, Some(uri.to_owned()));
    let (kind, id, uri) = match &grant.grantee {
        Grantee::User(id) => ("CanonicalUser", Some(id.clone()), None),
        Grantee::AllUsers => group(ALL_USERS),
        Grantee::AuthenticatedUsers => group(AUTHENTICATED_USERS),
        Grantee::LogDelivery => group(LOG_DELIVERY),
    };
    let grantee =
        WireGrantee { xmlns: Some(XSI.into()), kind: Some(kind.into()), id, uri, ..WireGrantee::default() };
    WireGrant { grantee: Some(grantee), permission: Some(grant.permission.as_str().into()) }
}

/// Answers GetBucketAcl.
pub fn get_bucket(x: &Exchange) -> Result<Response, Error> {
    let bucket = x.bucket()?;
    match bucket.acls_enabled() {
        true => shown(&bucket.owner, &bucket.acl),
        false => shown(&bucket.owner, &Acl::private(&bucket.owner)),
    }
}

/// Answers GetObjectAcl.
pub async fn get_object(x: &Exchange) -> Result<Response, Error> {
    let object = existing(x).await?;
    let bucket = x.bucket()?;
    match &object.acl {
        // the bucket's owner owns all that is in it
        _ if !bucket.acls_enabled() => shown(&bucket.owner, &Acl::private(&bucket.owner)),
        Some(acl) => shown(&object.owner, acl),
        None => shown(&object.owner, &Acl::private(&object.owner)),
    }
}

/// Answers PutBucketAcl.
pub async fn put_bucket(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let bucket = x.bucket()?;
    let asked = asked_to_put(x, body, &bucket.owner).await?;
    if let Some(acl) = settle(x, asked, bucket, &bucket.owner, None).await? {
        change(x, move |bucket| {
            check(&acl, bucket)?;
            bucket.acl = acl.clone();
            Ok(())
        })
        .await?;
    }
    Ok(ok())
}

/// Answers PutObjectAcl.
pub async fn put_object(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let object = existing(x).await?;
    let bucket = x.bucket()?;
    let asked = asked_to_put(x, body, &object.owner).await?;
    let Some(acl) = settle(x, asked, bucket, &object.owner, Some(&bucket.owner)).await? else {
        return Ok(ok());
    };
    let (place, which, seen) = (x.place.clone(), x.version, object.data.clone());
    x.transact(move |tx| {
        versions::change(tx, &place, which, |object| {
            if object.data != seen {
                return Err(Error::Changed);
            }
            object.acl = Some(acl.clone());
            Ok(())
        })
    })
    .await?;
    Ok(ok())
}
