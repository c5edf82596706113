//! The content key of an object: made and sealed when it is written, opened when it is read.

use std::collections::BTreeMap;

use api_spec::{ApiError, ErrorCode};

use super::encryption::{Asked, CustomerKey, check_customer, signed_for_kms};
use super::exchange::Exchange;
use crate::data::cipher::{ContentKey, SALT_BYTES, Sealing};
use crate::domain::encryption::{DefaultEncryption, Encryption, Method, open, seal};
use crate::error::Error;
use crate::keyring::Kek;
use crate::service::Service;
use crate::store::objects::Place;

/// An encryption, and the key to encrypt with.
pub struct Sealed {
    /// As it is kept.
    pub encryption: Encryption,
    /// The content key.
    pub key: ContentKey,
}

fn bound_to(place: &Place) -> String {
    format!("{}/{}", place.bucket, place.key)
}

/// What the request asks for, with the bucket's default where it asks for nothing.
fn decided(x: &Exchange, asked: Asked) -> Result<Asked, Error> {
    let default = match &x.bucket()?.encryption {
        Some(own) => Some(own.clone()),
        None => x.service.config.default_for_buckets(),
    };
    match (asked, default) {
        (Asked::Default, Some(DefaultEncryption { kms: false, .. })) => Ok(Asked::S3),
        (Asked::Default, Some(DefaultEncryption { key, bucket_key, .. })) => {
            signed_for_kms(x)?;
            let context = BTreeMap::new();
            Ok(Asked::Kms { key, context, given: None, bucket_key: Some(bucket_key) })
        }
        (Asked::Kms { key, context, given, bucket_key: None }, Some(default)) => {
            Ok(Asked::Kms { key, context, given, bucket_key: Some(default.bucket_key) })
        }
        (asked, _) => Ok(asked),
    }
}

/// How new content at the request's place is encrypted; with the key given, or a fresh one.
///
/// # Errors
/// When KMS refuses.
pub async fn seal_for(x: &Exchange, asked: Asked, key: Option<ContentKey>) -> Result<Option<Sealed>, Error> {
    let (method, kek) = match decided(x, asked)? {
        Asked::Default => return Ok(None),
        Asked::S3 => {
            let (key_id, kek) = x.service.keyring.current().await?;
            (Method::S3 { key_id }, kek)
        }
        Asked::Kms { key, context, given, bucket_key } => {
            of_kms(x, key, context, given, bucket_key == Some(true)).await?
        }
        Asked::Customer(CustomerKey { key, md5 }) => (Method::Customer { key_md5: md5 }, Kek::new(key)),
    };
    let key = key.unwrap_or_else(|| ContentKey::new(x.service.context.random.bytes()));
    let sealed_key = seal(&kek, x.service.context.random.bytes(), &bound_to(&x.place), &key)
        .map_err(|_| Error::Internal("a content key cannot be sealed".into()))?;
    Ok(Some(Sealed { encryption: Encryption { method, sealed_key }, key }))
}

async fn of_kms(
    x: &Exchange,
    key: Option<String>,
    mut context: BTreeMap<String, String>,
    given: Option<String>,
    bucket_key: bool,
) -> Result<(Method, Kek), Error> {
    let Place { bucket, key: object } = &x.place;
    let arn = match bucket_key {
        true => format!("arn:aws:s3:::{bucket}"),
        false => format!("arn:aws:s3:::{bucket}/{object}"),
    };
    context.insert("aws:s3:arn".into(), arn);
    let made = match bucket_key {
        true => x.service.keyring.of_bucket(&x.caller, key, context.clone()).await?,
        false => x.service.keyring.make(&x.caller, key, context.clone()).await?,
    };
    let method = Method::Kms { key_arn: made.key_arn, data_key: made.ciphertext, context, given, bucket_key };
    Ok((method, made.kek))
}

/// The key of content that lies at `place`; none for content that is not encrypted.
///
/// # Errors
/// When the caller may not use the key, or did not bring the right one.
pub async fn open_for(
    x: &Exchange,
    place: &Place,
    encryption: Option<&Encryption>,
    customer: Option<&CustomerKey>,
) -> Result<Option<ContentKey>, Error> {
    check_customer(encryption, customer)?;
    let Some(Encryption { method, sealed_key }) = encryption else { return Ok(None) };
    let kek = match method {
        Method::S3 { key_id } => x.service.keyring.own(key_id).await?,
        Method::Kms { data_key, context, .. } => {
            signed_for_kms(x)?;
            x.service.keyring.open(&x.caller, data_key, context).await?
        }
        Method::Customer { .. } => return open_customers(place, sealed_key, customer).map(Some),
    };
    open(&kek, &bound_to(place), sealed_key)
        .map(Some)
        .map_err(|_| Error::Internal(format!("the content key of {} does not open", bound_to(place))))
}

/// Refuses a customer's key that is not the one the object was encrypted with; nothing else is opened.
pub fn check_key(
    place: &Place,
    encryption: Option<&Encryption>,
    customer: Option<&CustomerKey>,
) -> Result<(), Error> {
    check_customer(encryption, customer)?;
    match encryption {
        Some(Encryption { method: Method::Customer { .. }, sealed_key }) => {
            open_customers(place, sealed_key, customer).map(drop)
        }
        _ => Ok(()),
    }
}

fn open_customers(place: &Place, sealed: &str, customer: Option<&CustomerKey>) -> Result<ContentKey, Error> {
    let wrong = || {
        ApiError::new(
            ErrorCode::AccessDenied,
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret \
             key.",
        )
    };
    let opened = customer.and_then(|customer| open(&customer.key, &bound_to(place), sealed).ok());
    opened.ok_or_else(|| wrong().into())
}

impl Service {
    /// Encrypts content of this length on its way in.
    pub fn sealing(&self, key: &ContentKey, length: u64) -> Result<Sealing, Error> {
        Ok(Sealing::new(key, self.context.random.bytes::<SALT_BYTES>(), length)?)
    }
}
