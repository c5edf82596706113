//! Buckets: list, create, head, delete, location.

use api_spec::s3::bucket::{
    BucketEntry, Buckets, CreateBucketConfiguration, ListAllMyBucketsResult, LocationConstraint,
};
use api_spec::{ApiError, ErrorCode};
use auth::policy::Quota;
use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use kit::{Access, Quotas};
use store::Read;

use super::acl::{check as check_acl, for_new_bucket};
use super::exchange::Exchange;
use super::list::owner_of;
use super::reply::{document, no_content, ok, set, set_named};
use super::{small_body, tagging};
use crate::config::NewBucketDefaults;
use crate::domain::bucket::{Bucket, Ownership};
use crate::domain::lock::BucketLock;
use crate::domain::tag::Tags;
use crate::domain::version::Versioning;
use crate::error::Error;
use crate::store::objects::delete_bucket;
use crate::store::{BUCKETS, buckets, objects};

/// An account may have this many.
const MAX_BUCKETS: usize = 10_000;
/// The region whose buckets have no location constraint.
const FIRST_REGION: &str = "us-east-1";

/// Answers ListBuckets.
pub fn list(x: &Exchange) -> Result<Response, Error> {
    let account = x.caller.account_id();
    let limit = x.query.number("max-buckets")?;
    if limit.is_some_and(|limit| !(1..=10_000).contains(&limit)) {
        return Err(Error::argument(
            "max-buckets",
            x.query.get("max-buckets").unwrap_or_default(),
            "Argument max-buckets must be an integer between 1 and 10000",
        ));
    }
    let prefix = x.query.get("prefix").unwrap_or_default();
    let after = x.query.get("continuation-token").unwrap_or_default();
    let region = x.service.context.common.region.clone();
    let elsewhere = x.query.get("bucket-region").is_some_and(|asked| asked != region);
    let mut names = if elsewhere { Vec::new() } else { buckets::names(&x.snapshot()?, account, prefix)? };
    names.retain(|name| name.as_str() > after);
    let limit = limit.map_or(MAX_BUCKETS, |limit| limit as usize);
    let more = names.len() > limit;
    names.truncate(limit);
    let mut buckets = Vec::with_capacity(names.len());
    for name in names {
        if let Some(bucket) = x.snapshot()?.get(&BUCKETS, &name)? {
            buckets.push(BucketEntry {
                name,
                creation_date: bucket.created.into(),
                bucket_region: Some(region.clone()),
            });
        }
    }
    let token = buckets.last().filter(|_| more).map(|bucket| bucket.name.clone());
    document(
        "ListAllMyBucketsResult",
        &ListAllMyBucketsResult {
            owner: Some(owner_of(x.caller.canonical_user_id())),
            buckets: Buckets { buckets },
            continuation_token: token,
            prefix: x.query.get("prefix").map(str::to_owned),
        },
    )
}

/// What the body of CreateBucket asks for, which is read before it is decided on.
#[derive(Default)]
pub struct NewBucket {
    location: Option<String>,
    /// Tags to begin with.
    pub tags: Option<Tags>,
}

impl NewBucket {
    /// Where it is to be, if that is said.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref().filter(|location| !location.is_empty())
    }

    /// Reads the body.
    pub async fn read(x: &Exchange, body: &mut Option<Body>) -> Result<NewBucket, Error> {
        let bytes = small_body::read(x, body).await?;
        if bytes.is_empty() {
            return Ok(NewBucket::default());
        }
        let asked: CreateBucketConfiguration = api_spec::s3::read(&bytes, "CreateBucketConfiguration")
            .map_err(|error| Error::MalformedXml(error.0))?;
        let tags = tagging::of_new_bucket(&asked)?;
        Ok(NewBucket { location: asked.location_constraint, tags })
    }
}

/// Answers CreateBucket. In us-east-1 making one's own bucket again is no error, and changes nothing but its access control
/// list, which becomes what is asked for now, by default private. AWS's reference has both.
pub async fn create(x: &Exchange) -> Result<Response, Error> {
    let region = x.service.context.common.region.clone();
    let location = x.new_bucket.as_ref().and_then(|asked| asked.location());
    check_location(location, &region)?;
    let (name, account) = (x.place.bucket.clone(), x.caller.account_id().to_owned());
    let owner = x.caller.canonical_user_id();
    let mut bucket = Bucket::new(owner, &account, x.service.context.clock.now());
    if x.service.config.new_bucket_defaults == NewBucketDefaults::Classic {
        (bucket.ownership, bucket.block) = (None, None);
    }
    if let Some(word) = x.header("x-amz-object-ownership") {
        let unknown =
            || Error::argument("x-amz-object-ownership", word, "Invalid x-amz-object-ownership header");
        bucket.ownership = Some(Ownership::of(word).ok_or_else(unknown)?);
    }
    if x.header("x-amz-bucket-object-lock-enabled").is_some_and(|on| on.eq_ignore_ascii_case("true")) {
        bucket.versioning = Some(Versioning::Enabled);
        bucket.lock = Some(BucketLock::default());
    }
    bucket.tags = x.tags.clone().unwrap_or_default();
    bucket.acl = for_new_bucket(x, &bucket).await?;
    bucket.creator = x.caller.creator().map(str::to_owned);
    let row = name.clone();
    let access = Access::new("s3:CreateBucket", format!("arn:aws:s3:::{name}"));
    let quotas = Quotas::of(&x.service.context, &x.caller, &access).await?;
    x.transact(move |tx| match tx.get(&BUCKETS, &row)? {
        None => {
            let (all, own) = buckets::counts_for(tx, &bucket)?;
            quotas.check_one_more(Quota::Buckets, all, own).map_err(ApiError::from)?;
            room_after(all)?;
            Ok(tx.put(&BUCKETS, &row, &bucket)?)
        }
        Some(there) => {
            again(&row, there.account == account, &region)?;
            check_acl(&bucket.acl, &there)?;
            match there.acl == bucket.acl {
                true => Ok(()),
                false => Ok(tx.put(&BUCKETS, &row, &Bucket { acl: bucket.acl.clone(), ..there })?),
            }
        }
    })
    .await?;
    let mut response = ok();
    set(&mut response, header::LOCATION, format!("/{name}"));
    set_named(&mut response, "x-amz-bucket-arn", format!("arn:aws:s3:::{name}"));
    Ok(response)
}

/// Whether an account with so many buckets may have another.
fn room_after(own: usize) -> Result<(), Error> {
    match own < MAX_BUCKETS {
        true => Ok(()),
        false => Err(Error::Refused {
            code: ErrorCode::TooManyBuckets,
            message: "You have attempted to create more buckets than allowed",
        }),
    }
}

/// What becomes of a bucket that is there already.
fn again(name: &str, own: bool, region: &str) -> Result<(), Error> {
    match own {
        false => Err(Error::BucketAlreadyExists(name.to_owned())),
        true if region == FIRST_REGION => Ok(()),
        true => Err(Error::BucketAlreadyOwnedByYou(name.to_owned())),
    }
}

fn check_location(asked: Option<&str>, region: &str) -> Result<(), Error> {
    match asked {
        None => Ok(()),
        Some(there) if there == region => Ok(()),
        Some("EU") if region == "eu-west-1" => Ok(()),
        Some(elsewhere) if looks_like_a_region(elsewhere) => {
            Err(Error::LocationElsewhere(elsewhere.to_owned()))
        }
        Some(other) => Err(Error::InvalidLocation(other.to_owned())),
    }
}

/// `eu-west-1`, `us-gov-east-1`, or the old name of the first region in Europe.
fn looks_like_a_region(text: &str) -> bool {
    let words: Vec<&str> = text.split('-').collect();
    let plain = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let numbered =
        words.last().is_some_and(|last| last.len() == 1 && last.bytes().all(|b| b.is_ascii_digit()));
    text == "EU" || (words.len() >= 3 && numbered && words[..words.len() - 1].iter().all(plain))
}

/// Answers HeadBucket.
pub fn head(x: &Exchange) -> Result<Response, Error> {
    let mut response = ok();
    set_named(&mut response, "x-amz-bucket-region", &x.service.context.common.region);
    set_named(&mut response, "x-amz-bucket-arn", format!("arn:aws:s3:::{}", x.place.bucket));
    set_named(&mut response, "x-amz-access-point-alias", "false");
    Ok(response)
}

/// Answers DeleteBucket.
pub async fn delete(x: &Exchange) -> Result<Response, Error> {
    let name = x.place.bucket.clone();
    let freed = x.transact(move |tx| delete_bucket(tx, &name)).await?;
    x.service.free(freed);
    Ok(no_content())
}

/// Answers GetBucketLocation.
pub fn location(x: &Exchange) -> Result<Response, Error> {
    let region = x.service.context.common.region.clone();
    let region = if region == FIRST_REGION { String::new() } else { region };
    document("LocationConstraint", &LocationConstraint { region })
}

/// Changes the bucket of a request.
pub async fn change<F>(x: &Exchange, change: F) -> Result<(), Error>
where
    F: Fn(&mut Bucket) -> Result<(), Error> + Send + 'static,
{
    let name = x.place.bucket.clone();
    x.transact(move |tx| objects::change_bucket(tx, &name, &change)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_bucket_is_made_again_in_the_first_region_alone() {
        assert!(again("b", true, "us-east-1").is_ok());
        assert!(matches!(again("b", true, "eu-west-1"), Err(Error::BucketAlreadyOwnedByYou(_))));
        for region in ["us-east-1", "eu-west-1"] {
            assert!(matches!(again("b", false, region), Err(Error::BucketAlreadyExists(_))));
        }
    }

    #[test]
    fn an_account_has_so_many_buckets_and_no_more() {
        assert!(room_after(MAX_BUCKETS - 1).is_ok());
        let refused = ApiError::from(room_after(MAX_BUCKETS).unwrap_err());
        assert_eq!((refused.code.as_str(), refused.code.status()), ("TooManyBuckets", 400));
    }
}
