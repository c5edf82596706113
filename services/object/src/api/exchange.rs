//! One request, understood and authenticated: what access checks and handlers are given.

use std::sync::{Arc, Mutex, PoisonError};

use api_spec::Service as Api;
use auth::policy::Decision;
use auth::sigv4::{self, RequestParts};
use axum::body::Body;
use axum::http::request;
use kit::caller::authenticate;
use kit::cohort::step_aside;
use kit::dispatch::borrowed;
use kit::request::Origin;
use kit::{Access, Caller, Quotas};
use store::Snapshot;

use super::access_log::Notes;
use super::bucket::NewBucket;
use super::form::Form;
use super::header_map::Headers;
use super::query::Query;
use super::route::{Operation, route};
use super::target::{Target, bucket_in_host};
use super::{lock, tagging};
use crate::domain::bucket::Bucket;
use crate::domain::names::is_bucket_name;
use crate::domain::object::Object;
use crate::domain::tag::Tags;
use crate::domain::version::{Marker, Version, Which};
use crate::error::Error;
use crate::service::Service;
use crate::store::objects::Place;
use crate::store::versions::find;

/// A request on its way.
pub struct Exchange {
    /// The service.
    pub service: Arc<Service>,
    /// What is asked for.
    pub operation: Operation,
    /// Who asks.
    pub caller: Caller,
    /// Parameters.
    pub query: Query,
    /// Headers.
    pub headers: Headers,
    /// The bucket's name and the key; empty where there is none.
    pub place: Place,
    /// What the index held when the request came, until it is let go of.
    snapshot: Mutex<Option<Snapshot>>,
    /// The bucket as it was then; none where the operation is not about one that exists.
    bucket: Option<Arc<Bucket>>,
    /// The version that the request names.
    pub version: Option<Which>,
    /// The object as it was then, if it was there: the version named, else the current one.
    pub object: Option<Object>,
    /// The delete marker that was in its place.
    pub marker: Option<Marker>,
    /// What the policies decided so far.
    decisions: Mutex<Vec<Decision>>,
    /// The tags that the request brings, where it brings any.
    pub tags: Option<Tags>,
    /// What CreateBucket asks for.
    pub new_bucket: Option<NewBucket>,
    /// What PutObjectRetention or PutObjectLegalHold asks for.
    pub lock: Option<lock::Asked>,
    /// The form that PostObject came in.
    pub form: Option<Form>,
    /// Condition keys that are in neither headers nor query: of a document, or what a service of the cloud acts for.
    pub keys: Vec<(&'static str, String)>,
    /// What the access log will be told.
    pub notes: Notes,
}

impl Exchange {
    /// Reads a request and proves who sent it.
    pub async fn open(
        service: Arc<Service>,
        parts: &request::Parts,
        origin: Arc<Origin>,
    ) -> Result<Exchange, Error> {
        let region = &service.context.common.region;
        let target = Target::of(&parts.uri, &parts.headers, &service.config.domains, region)?;
        let query = Query::parse(parts.uri.query().unwrap_or(""))?;
        step_aside().await;
        let caller = authenticated(&service, parts, origin).await?;
        step_aside().await;
        let operation = route(&parts.method, &target, &query, &parts.headers)?;
        let place = Place { bucket: target.bucket.unwrap_or_default(), key: target.key.unwrap_or_default() };
        if operation != Operation::ListBuckets && !is_bucket_name(&place.bucket) {
            return Err(Error::InvalidBucketName(place.bucket));
        }
        let snapshot = service.store.snapshot()?;
        let bucket = match operation {
            Operation::ListBuckets | Operation::CreateBucket => None,
            _ => Some(
                service
                    .bucket(&snapshot, &place.bucket)?
                    .ok_or_else(|| Error::NoSuchBucket(place.bucket.clone()))?,
            ),
        };
        let version = version_named(operation, &query)?;
        let found = match &bucket {
            Some(bucket) if !place.key.is_empty() => find(&snapshot, bucket, &place, version)?,
            _ => None,
        };
        let (object, marker) = apart(found);
        let headers = Headers::from(parts.headers.clone());
        Ok(Exchange {
            service,
            operation,
            caller,
            query,
            headers,
            place,
            snapshot: Mutex::new(Some(snapshot)),
            bucket,
            version,
            object,
            marker,
            decisions: Mutex::default(),
            tags: None,
            new_bucket: None,
            lock: None,
            form: None,
            keys: Vec::new(),
            notes: Notes::default(),
        })
    }

    /// An exchange for a call that another service makes for a caller: GetObject.
    pub fn of_call(service: Arc<Service>, caller: Caller, place: Place) -> Result<Exchange, Error> {
        Self::internal(service, Operation::GetObject, caller, place, Headers::default())
    }

    /// An exchange for an object that another service puts: PutObject.
    pub fn of_put(
        service: Arc<Service>,
        caller: Caller,
        place: Place,
        headers: Headers,
    ) -> Result<Exchange, Error> {
        Self::internal(service, Operation::PutObject, caller, place, headers)
    }

    /// An exchange for an upload by form, whose fields were read and found to be signed, or to be nobody's.
    pub fn of_form(
        service: Arc<Service>,
        caller: Caller,
        place: Place,
        headers: Headers,
        form: Form,
    ) -> Result<Exchange, Error> {
        let exchange = Self::internal(service, Operation::PostObject, caller, place, headers)?;
        Ok(Exchange { form: Some(form), ..exchange })
    }

    fn internal(
        service: Arc<Service>,
        operation: Operation,
        caller: Caller,
        place: Place,
        headers: Headers,
    ) -> Result<Exchange, Error> {
        let snapshot = service.store.snapshot()?;
        let bucket = service
            .bucket(&snapshot, &place.bucket)?
            .ok_or_else(|| Error::NoSuchBucket(place.bucket.clone()))?;
        let (object, marker) = apart(find(&snapshot, &bucket, &place, None)?);
        Ok(Exchange {
            service,
            operation,
            caller,
            query: Query::default(),
            headers,
            place,
            snapshot: Mutex::new(Some(snapshot)),
            bucket: Some(bucket),
            version: None,
            object,
            marker,
            decisions: Mutex::default(),
            tags: None,
            new_bucket: None,
            lock: None,
            form: None,
            keys: Vec::new(),
            notes: Notes::default(),
        })
    }

    /// Reads what has to be known of the request's content before it is decided on.
    ///
    /// # Errors
    /// Of that content.
    pub async fn bring(&mut self, body: &mut Option<Body>) -> Result<(), Error> {
        match self.operation {
            Operation::CreateBucket => {
                let asked = NewBucket::read(self, body).await?;
                self.tags.clone_from(&asked.tags);
                self.new_bucket = Some(asked);
            }
            Operation::PutObjectRetention | Operation::PutObjectLegalHold => lock::bring(self, body).await?,
            _ => {
                if let Some(fault) = self.form.as_mut().and_then(|form| form.fault.take()) {
                    return Err(fault);
                }
                self.tags = tagging::brought(self, body).await?;
            }
        }
        Ok(())
    }

    /// The quotas that bear on writing the object.
    ///
    /// # Errors
    /// When identity cannot be asked.
    pub async fn quotas(&self) -> Result<Quotas, Error> {
        let access =
            Access::new("s3:PutObject", format!("arn:aws:s3:::{}/{}", self.place.bucket, self.place.key));
        Ok(Quotas::of(&self.service.context, &self.caller, &access).await?)
    }

    /// What the index held when the request came; what it holds now, once that was let go of.
    ///
    /// # Errors
    /// Of the store.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*snapshot {
            Some(known) => Ok(known.clone()),
            None => Ok(snapshot.insert(self.service.store.snapshot()?).clone()),
        }
    }

    /// Keeps nothing of the index: a client may take hours to send a body, and the store keeps in memory what a snapshot
    /// shows.
    pub fn let_go_of_snapshot(&self) {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Remembers a decision for the audit trail.
    pub fn decided(&self, decision: &Decision) {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner).push(decision.clone());
    }

    /// What the audit trail says of the decisions: the first that denied, else the first.
    pub fn decision(&self) -> Option<Decision> {
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        decisions.iter().find(|decision| !decision.is_allowed()).or(decisions.first()).cloned()
    }

    /// The bucket.
    pub fn bucket(&self) -> Result<&Bucket, Error> {
        self.bucket.as_deref().ok_or_else(|| Error::NoSuchBucket(self.place.bucket.clone()))
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Runs a transaction.
    pub async fn transact<T, F>(&self, f: F) -> Result<T, Error>
    where
        F: FnMut(&mut store::Tx<'_>) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        self.service.store.transact(f).await
    }
}

/// The version that a request names, where its operation is about versions.
fn version_named(operation: Operation, query: &Query) -> Result<Option<Which>, Error> {
    let Some(text) = query.get("versionId") else { return Ok(None) };
    match operation.is_about_a_version() {
        true => version_in(text).map(Some),
        false => Err(Error::argument("versionId", text, "This operation does not accept a version-id.")),
    }
}

/// Reads a version id out of a request.
///
/// # Errors
/// `InvalidArgument` for what never was one.
pub fn version_in(text: &str) -> Result<Which, Error> {
    Which::of(text).ok_or_else(|| Error::argument("versionId", text, "Invalid version id specified"))
}

fn apart(found: Option<Version>) -> (Option<Object>, Option<Marker>) {
    match found {
        Some(Version::Object(object)) => (Some(object), None),
        Some(Version::Marker(marker)) => (None, Some(marker)),
        None => (None, None),
    }
}

/// What Signature Version 2 signs for a path: the bucket is part of it, also where the host has it.
fn resource_of_version_2(service: &Service, parts: &request::Parts) -> Option<String> {
    parts.uri.query()?.split('&').find(|pair| pair.starts_with("AWSAccessKeyId="))?;
    let (domains, region) = (&service.config.domains, &service.context.common.region);
    let bucket = bucket_in_host(&parts.uri, &parts.headers, domains, region)?;
    Some(format!("/{bucket}{}", parts.uri.path()))
}

async fn authenticated(
    service: &Service,
    parts: &request::Parts,
    origin: Arc<Origin>,
) -> Result<Caller, Error> {
    let in_header = parts.headers.get("authorization").is_some_and(|v| v.as_bytes().starts_with(b"AWS4"));
    if in_header && !parts.headers.contains_key("x-amz-content-sha256") {
        return Err(Error::InvalidRequest(
            "Missing required header for this request: x-amz-content-sha256".into(),
        ));
    }
    let headers = borrowed(&parts.headers);
    let of_version_2 = resource_of_version_2(service, parts);
    let request = RequestParts {
        method: parts.method.as_str(),
        path: of_version_2.as_deref().unwrap_or(parts.uri.path()),
        query: parts.uri.query().unwrap_or(""),
        headers: &headers,
    };
    Ok(authenticate(&service.context, Api::S3, request, origin, || sigv4::EMPTY_SHA256.to_owned()).await?)
}
