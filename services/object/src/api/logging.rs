//! Server access logging of buckets: GetBucketLogging and PutBucketLogging.

use api_spec::s3::acl::{Grant as WireGrant, Grants};
use api_spec::s3::logging::{
    BucketLoggingStatus, LoggingEnabled, PartitionedPrefix, SimplePrefix, TargetObjectKeyFormat,
};
use axum::body::Body;
use axum::response::Response;
use store::Read;

use super::acl::{grantee_of_document, shown_grant};
use super::bucket::change;
use super::exchange::Exchange;
use super::grantees::{NamedUser, are_known};
use super::put_log;
use super::reply::{document, ok};
use super::small_body;
use crate::domain::acl::{Grant, Grantee, Permission};
use crate::domain::bucket::Bucket;
use crate::domain::logging::{KeyFormat, Logging};
use crate::domain::names::MAX_KEY_BYTES;
use crate::error::Error;
use crate::store::BUCKETS;

/// What a key has behind the prefix at most: account, region, bucket, day, time and unique string.
const MAX_NAME_BYTES: usize = 200;

/// Answers GetBucketLogging.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let logging_enabled = x.bucket()?.logging.as_ref().map(shown);
    document("BucketLoggingStatus", &BucketLoggingStatus { logging_enabled })
}

fn shown(logging: &Logging) -> LoggingEnabled {
    let grants: Vec<WireGrant> = logging.grants.iter().map(shown_grant).collect();
    let partitioned = |source: &str| TargetObjectKeyFormat {
        partitioned_prefix: Some(PartitionedPrefix { partition_date_source: Some(source.to_owned()) }),
        ..TargetObjectKeyFormat::default()
    };
    LoggingEnabled {
        target_bucket: Some(logging.bucket.clone()),
        target_prefix: Some(logging.prefix.clone()),
        target_grants: (!grants.is_empty()).then_some(Grants { grants }),
        target_object_key_format: logging.format.map(|format| match format {
            KeyFormat::Simple => TargetObjectKeyFormat {
                simple_prefix: Some(SimplePrefix {}),
                ..TargetObjectKeyFormat::default()
            },
            KeyFormat::EventTime => partitioned("EventTime"),
            KeyFormat::DeliveryTime => partitioned("DeliveryTime"),
        }),
    }
}

/// Answers PutBucketLogging: without `LoggingEnabled` nothing is logged any more.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: BucketLoggingStatus = small_body::document(x, body, "BucketLoggingStatus").await?;
    let logging = asked.logging_enabled.map(read).transpose()?;
    if let Some(logging) = &logging {
        check_target(x, logging).await?;
        let users = logging.grants.iter().filter_map(|grant| NamedUser::of_document(&grant.grantee));
        are_known(x, &[&x.bucket()?.owner], users.collect()).await?;
    }
    change(x, move |bucket| {
        bucket.logging.clone_from(&logging);
        Ok(())
    })
    .await?;
    Ok(ok())
}

fn read(asked: LoggingEnabled) -> Result<Logging, Error> {
    let missing = |name: &str| Error::MalformedXml(format!("no {name}"));
    let bucket = asked.target_bucket.map(|name| name.trim().to_owned());
    let bucket = bucket.filter(|name| !name.is_empty()).ok_or_else(|| missing("TargetBucket"))?;
    let prefix = asked.target_prefix.ok_or_else(|| missing("TargetPrefix"))?;
    if prefix.len() > MAX_KEY_BYTES - MAX_NAME_BYTES {
        return Err(Error::argument("TargetPrefix", &prefix, "The target prefix is too long"));
    }
    let grants = asked.target_grants.map(|grants| grants.grants).unwrap_or_default();
    let grants = grants.into_iter().map(grant).collect::<Result<_, _>>()?;
    let format = asked.target_object_key_format.map(format_of).transpose()?;
    Ok(Logging { bucket, prefix, grants, format })
}

/// `FULL_CONTROL`, `READ` or `WRITE` for somebody.
fn grant(grant: WireGrant) -> Result<Grant, Error> {
    let permission = match grant.permission.as_deref().map(str::trim) {
        Some("FULL_CONTROL") => Permission::FullControl,
        Some("READ") => Permission::Read,
        Some("WRITE") => Permission::Write,
        other => return Err(Error::MalformedXml(format!("Permission {}", other.unwrap_or_default()))),
    };
    let grantee = grant.grantee.ok_or_else(|| Error::MalformedXml("no Grantee".into()))?;
    Ok(Grant { grantee: grantee_of_document(grantee)?, permission })
}

fn format_of(asked: TargetObjectKeyFormat) -> Result<KeyFormat, Error> {
    match (asked.simple_prefix, asked.partitioned_prefix) {
        (Some(SimplePrefix {}), None) => Ok(KeyFormat::Simple),
        (None, Some(partitioned)) => match partitioned.partition_date_source.as_deref().map(str::trim) {
            None | Some("EventTime") => Ok(KeyFormat::EventTime),
            Some("DeliveryTime") => Ok(KeyFormat::DeliveryTime),
            Some(other) => Err(Error::MalformedXml(format!("PartitionDateSource {other}"))),
        },
        _ => Err(Error::MalformedXml("not exactly one key format".into())),
    }
}

/// Holds the target to what AWS asks of it. Where ACLs are off its policy alone says whether logs may be delivered, and
/// may say so later; where they are on it must already, by policy or by the log-delivery group's grants.
async fn check_target(x: &Exchange, logging: &Logging) -> Result<(), Error> {
    let invalid = || Error::InvalidLogTarget(logging.bucket.clone());
    let target = x.snapshot()?.get(&BUCKETS, &logging.bucket)?.ok_or_else(invalid)?;
    let retains = target.lock.as_ref().is_some_and(|lock| lock.default.is_some());
    if target.account != x.bucket()?.account || target.requester_pays || retains {
        return Err(invalid());
    }
    if !target.acls_enabled() {
        return if logging.grants.is_empty() { Ok(()) } else { Err(Error::AclsOff) };
    }
    if group_may_deliver(&target) || put_log::may_deliver(x, logging).await {
        return Ok(());
    }
    Err(invalid())
}

/// Whether the log-delivery group has both grants that AWS asks for.
fn group_may_deliver(target: &Bucket) -> bool {
    let has = |wanted| {
        target.acl.grants.iter().any(|grant| {
            grant.grantee == Grantee::LogDelivery
                && (grant.permission == wanted || grant.permission == Permission::FullControl)
        })
    };
    has(Permission::Write) && has(Permission::ReadAcp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(xml: &str) -> Result<Logging, Error> {
        let document =
            format!("<BucketLoggingStatus><LoggingEnabled>{xml}</LoggingEnabled></BucketLoggingStatus>");
        let status: BucketLoggingStatus =
            api_spec::s3::read(document.as_bytes(), "BucketLoggingStatus").unwrap();
        read(status.logging_enabled.unwrap())
    }

    const TARGET: &str = "<TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix>";

    fn with(more: &str) -> Result<Logging, Error> {
        asked(&format!("{TARGET}{more}"))
    }

    #[test]
    fn what_is_put_is_what_is_shown() {
        for more in [
            "",
            "<TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat>",
            "<TargetObjectKeyFormat><SimplePrefix></SimplePrefix></TargetObjectKeyFormat>",
            "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource>\
             </PartitionedPrefix></TargetObjectKeyFormat>",
            "<TargetGrants><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>\
             <Permission>READ</Permission></Grant></TargetGrants>",
        ] {
            let logging = with(more).unwrap();
            assert_eq!(read(shown(&logging)).unwrap(), logging, "{more}");
        }
        let partitioned =
            with("<TargetObjectKeyFormat><PartitionedPrefix/></TargetObjectKeyFormat>").unwrap();
        assert_eq!(partitioned.format, Some(KeyFormat::EventTime));
    }

    #[test]
    fn what_aws_does_not_know_is_refused() {
        let refused = |result: Result<Logging, Error>| matches!(result, Err(Error::MalformedXml(_)));
        assert!(refused(asked("<TargetPrefix>p</TargetPrefix>")));
        assert!(refused(asked("<TargetBucket>b</TargetBucket>")));
        assert!(refused(with("<TargetObjectKeyFormat/>")));
        assert!(refused(with(
            "<TargetObjectKeyFormat><SimplePrefix/><PartitionedPrefix/></TargetObjectKeyFormat>"
        )));
        assert!(refused(with(
            "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>Never</PartitionDateSource>\
             </PartitionedPrefix></TargetObjectKeyFormat>"
        )));
        assert!(refused(with(
            "<TargetGrants><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>\
             <Permission>READ_ACP</Permission></Grant></TargetGrants>"
        )));
        let long = "x".repeat(900);
        assert!(matches!(
            asked(&format!("<TargetBucket>b</TargetBucket><TargetPrefix>{long}</TargetPrefix>")),
            Err(Error::InvalidArgument { .. })
        ));
    }
}
