//! The way of every S3 request: target and operation, signature, bucket, authorization, handler, reply, each a stage
//! that the requests of a thread go through together ([`kit::cohort`]). There is no
//! other way to a handler: each takes an [`Exchange`], and only [`answer`] makes those, after [`access::check`].

pub mod access;
pub mod access_log;
pub mod accounts;
pub mod acl;
pub mod attributes;
pub mod bucket;
pub mod bucket_encryption;
pub mod conditions;
pub mod configuration;
pub mod control;
pub mod copy;
pub mod cors;
pub mod delete;
pub mod encoded_words;
pub mod encryption;
pub mod exchange;
pub mod form;
pub mod get;
pub mod grantees;
pub mod head;
pub mod header_map;
pub mod headers;
pub mod lifecycle;
pub mod list;
pub mod list_rows;
pub mod lock;
pub mod log_names;
pub mod logging;
pub mod multipart;
pub mod ownership;
pub mod payment;
pub mod policy;
pub mod post;
pub mod put;
pub mod put_log;
pub mod query;
pub mod range;
pub mod read_object;
pub mod reply;
pub mod restore;
pub mod route;
pub mod sealed;
pub mod shapes;
pub mod small_body;
pub mod tagging;
pub mod target;
pub mod trail;
pub mod transitions;
pub mod uploads;
pub mod versions;

use std::convert::Infallible;
use std::sync::Arc;

use api_spec::{ApiError, Service as Api};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header, request};
use axum::response::Response;
use kit::cohort::step_aside;
use kit::request::Origin;

use crate::error::Error;
use crate::service::Service;
use access_log::{Draft, Stopwatch};
use exchange::Exchange;
use route::Operation;

/// Answers one request.
///
/// # Errors
/// None: a refusal is an answer.
pub async fn answer(service: Arc<Service>, request: Request) -> Result<Response, Infallible> {
    step_aside().await;
    let watch = Stopwatch::start();
    let (mut parts, body) = request.into_parts();
    let origin = Arc::new(Origin::take(&mut parts));
    let request_id = origin.request_id.clone();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let mut body = Some(body);
    let metrics = service.context.metrics.clone();
    let Outcome { operation, result, draft } = match parts.method {
        Method::OPTIONS => Outcome {
            operation: None,
            result: cors::preflight(&service, &parts).map_err(Refusal::from),
            draft: access_log::unopened(&service, &parts, &origin, &watch),
        },
        _ => exchange(Arc::clone(&service), &parts, &mut body, origin, &watch).await,
    };
    let code = result.as_ref().map_or_else(|refusal| refusal.error.code.as_str(), |_| "ok");
    metrics.request("s3", operation.map_or("unknown", Operation::name), code, watch.elapsed());
    let (mut response, drained) = match result {
        Ok(response) => (response, true),
        Err(Refusal { error, headers }) => {
            let drained = small_body::drain(body.take(), &parts.headers).await;
            let mut response = match control::is_control(&parts.uri) {
                true => control::error(&error, &request_id),
                false => kit::http::error(Api::S3, &error, &request_id, &path),
            };
            headers.iter().for_each(|(name, value)| reply::set_named(&mut response, name, value));
            (response, drained)
        }
    };
    if parts.method != Method::OPTIONS {
        cors::add(&service, &parts, &mut response);
    }
    if small_body::must_close(&parts.headers, drained) {
        reply::set(&mut response, header::CONNECTION, "close");
    }
    let response = reply::finished(response, &method, &request_id);
    let response = match draft {
        Some(draft) => draft.answered(response, code),
        None => response,
    };
    step_aside().await;
    Ok(response)
}

/// How a request ended.
struct Outcome {
    operation: Option<Operation>,
    result: Result<Response, Refusal>,
    /// What the access log is to have of it.
    draft: Option<Box<Draft>>,
}

/// Why a request is refused, and the headers that say more about it.
struct Refusal {
    error: ApiError,
    headers: Vec<(&'static str, String)>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { headers: headers_of(&error), error: error.into() }
    }
}

/// Headers that tell of the delete marker behind a refusal.
fn headers_of(error: &Error) -> Vec<(&'static str, String)> {
    let marker = |version: &String| {
        vec![("x-amz-delete-marker", "true".to_owned()), ("x-amz-version-id", version.clone())]
    };
    match error {
        Error::DeletedKey { version, .. } => marker(version),
        Error::VersionIsMarker { version, modified, .. } => {
            let more = [("last-modified", reply::http_date(*modified)), ("allow", "DELETE".to_owned())];
            marker(version).into_iter().chain(more).collect()
        }
        _ => Vec::new(),
    }
}

async fn exchange(
    service: Arc<Service>,
    parts: &request::Parts,
    body: &mut Option<Body>,
    origin: Arc<Origin>,
    watch: &Stopwatch,
) -> Outcome {
    let mut told = trail::Told::of(&service, parts, &origin);
    let opened = match (head::check(parts), form::is_upload(&service, parts)) {
        (Err(error), _) => Err(error),
        (Ok(()), true) => form::open(Arc::clone(&service), parts, body, origin.clone()).await,
        (Ok(()), false) => Exchange::open(Arc::clone(&service), parts, origin.clone()).await,
    };
    let exchange = match opened {
        Ok(exchange) => told.opened(exchange),
        Err(error) => {
            let refusal = Refusal::from(error);
            told.ended(Err(&refusal.error));
            let draft = access_log::unopened(&service, parts, &origin, watch);
            return Outcome { operation: None, result: Err(refusal), draft };
        }
    };
    watch.watch(exchange, body);
    let mut result = run(exchange, body).await.map_err(Refusal::from);
    if exchange.operation == Operation::HeadBucket
        && let Err(refusal) = &mut result
    {
        // clients ask so where a bucket is, also one that is not theirs
        refusal.headers.push(("x-amz-bucket-region", service.context.common.region.clone()));
    }
    let draft = access_log::of(exchange, parts, watch);
    let operation = Some(exchange.operation);
    told.ended(result.as_ref().map(|_| ()).map_err(|refusal| &refusal.error));
    step_aside().await;
    Outcome { operation, result, draft }
}

async fn run(exchange: &mut Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    // what a request brings is part of what is decided on; that it cannot be read is told to who may bring it
    let brought = exchange.bring(body).await;
    access::check(exchange).await?;
    head::readable(&exchange.headers)?;
    brought?;
    step_aside().await;
    let mut response = handle(exchange, body).await?;
    payment::tell(exchange, &mut response);
    Ok(response)
}

/// Handlers that need much room have it to themselves: each request has that of the largest of the others.
async fn handle(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    use Operation as O;
    match x.operation {
        O::ListBuckets => bucket::list(x),
        O::CreateBucket => bucket::create(x).await,
        O::HeadBucket => bucket::head(x),
        O::DeleteBucket => bucket::delete(x).await,
        O::GetBucketLocation => bucket::location(x),
        O::GetBucketPolicy => policy::get(x),
        O::PutBucketPolicy => policy::put(x, body).await,
        O::DeleteBucketPolicy => policy::delete(x).await,
        O::GetBucketPolicyStatus => policy::status(x),
        O::GetPublicAccessBlock => ownership::get_block(x),
        O::PutPublicAccessBlock => ownership::put_block(x, body).await,
        O::DeletePublicAccessBlock => ownership::delete_block(x).await,
        O::GetBucketOwnershipControls => ownership::get_controls(x),
        O::PutBucketOwnershipControls => ownership::put_controls(x, body).await,
        O::DeleteBucketOwnershipControls => ownership::delete_controls(x).await,
        O::GetBucketAcl => acl::get_bucket(x),
        O::PutBucketAcl => acl::put_bucket(x, body).await,
        O::ListObjects => list::version_one(x),
        O::ListObjectsV2 => list::version_two(x),
        O::ListObjectVersions => versions::list(x),
        O::GetBucketVersioning => versions::get(x),
        O::GetObjectLockConfiguration => lock::get_configuration(x),
        O::PutObjectLockConfiguration => lock::put_configuration(x, body).await,
        O::GetObjectRetention => lock::get_retention(x).await,
        O::PutObjectRetention => lock::put_retention(x).await,
        O::GetObjectLegalHold => lock::get_hold(x).await,
        O::PutObjectLegalHold => lock::put_hold(x).await,
        O::GetBucketLifecycleConfiguration => lifecycle::get(x),
        O::PutBucketLifecycleConfiguration => lifecycle::put(x, body).await,
        O::DeleteBucketLifecycle => lifecycle::delete(x).await,
        O::PutBucketVersioning => versions::put(x, body).await,
        O::ListMultipartUploads => uploads::list(x),
        O::DeleteObjects => Box::pin(delete::many(x, body)).await,
        O::GetObject | O::HeadObject => get::get(x).await,
        O::PutObject => Box::pin(put::put(x, body)).await,
        O::PostObject => Box::pin(post::post(x, body)).await,
        O::CopyObject => Box::pin(copy::copy(x)).await,
        O::DeleteObject => delete::one(x).await,
        O::GetObjectAcl => acl::get_object(x).await,
        O::PutObjectAcl => acl::put_object(x, body).await,
        O::CreateMultipartUpload => multipart::begin(x).await,
        O::UploadPart => Box::pin(multipart::put_part(x, body)).await,
        O::UploadPartCopy => Box::pin(copy::copy_part(x)).await,
        O::CompleteMultipartUpload => Box::pin(multipart::complete(x, body)).await,
        O::AbortMultipartUpload => multipart::abort(x).await,
        O::ListParts => uploads::list_parts(x),
        O::GetBucketTagging => tagging::get_bucket(x),
        O::PutBucketTagging => tagging::put_bucket(x).await,
        O::DeleteBucketTagging => tagging::delete_bucket(x).await,
        O::GetObjectTagging => tagging::get_object(x).await,
        O::PutObjectTagging => tagging::put_object(x).await,
        O::DeleteObjectTagging => tagging::delete_object(x).await,
        O::GetBucketEncryption => bucket_encryption::get(x),
        O::PutBucketEncryption => bucket_encryption::put(x, body).await,
        O::DeleteBucketEncryption => bucket_encryption::delete(x).await,
        O::GetObjectAttributes => attributes::get(x).await,
        O::RestoreObject => restore::restore(x, body).await,
        O::GetBucketCors => cors::get(x),
        O::PutBucketCors => cors::put(x, body).await,
        O::DeleteBucketCors => cors::delete(x).await,
        O::GetBucketLogging => logging::get(x),
        O::PutBucketLogging => Box::pin(logging::put(x, body)).await,
        O::GetBucketRequestPayment => payment::get(x),
        O::PutBucketRequestPayment => payment::put(x, body).await,
        O::GetBucketAccelerateConfiguration => payment::get_acceleration(x),
        O::PutBucketAccelerateConfiguration => payment::put_acceleration(x, body).await,
        O::ListTagsForResource => control::list(x),
        O::TagResource => control::tag(x).await,
        O::UntagResource => control::untag(x).await,
        O::GetBucketWebsite
        | O::GetBucketNotificationConfiguration
        | O::GetBucketReplication
        | O::GetBucketAbac
        | O::GetBucketAnalyticsConfiguration
        | O::ListBucketAnalyticsConfigurations
        | O::GetBucketMetricsConfiguration
        | O::ListBucketMetricsConfigurations
        | O::GetBucketInventoryConfiguration
        | O::ListBucketInventoryConfigurations
        | O::GetBucketIntelligentTieringConfiguration
        | O::ListBucketIntelligentTieringConfigurations => configuration::of_bucket(x),
    }
}

/// Whether a request is one whose reply has no body.
pub(crate) fn is_head(method: &Method) -> bool {
    method == Method::HEAD
}
