//! Cross-origin requests: a bucket's rules, the preflight that a browser sends before a request, and the headers that
//! let a page read the reply. A preflight is the one request that is answered without a decision about its sender: it
//! says nothing of a bucket but what its rules are for.

use api_spec::s3::cors::{CorsConfiguration, CorsRule};
use api_spec::{ApiError, ErrorCode};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, header, request};
use axum::response::Response;
use store::Read;

use super::exchange::Exchange;
use super::reply::{document, no_content, ok, set};
use super::small_body;
use super::target::Target;
use crate::domain::cors::{Cors, Rule};
use crate::domain::names::is_bucket_name;
use crate::error::Error;
use crate::service::Service;
use crate::store::{BUCKETS, CORS};

const VARY: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/// Answers GetBucketCors.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let cors = x.snapshot()?.get(&CORS, &x.place.bucket)?.ok_or_else(|| Error::NotConfigured {
        code: ErrorCode::NoSuchCorsConfiguration,
        message: "The CORS configuration does not exist",
        bucket: x.place.bucket.clone(),
    })?;
    let rules = cors.rules.into_iter().map(|rule| CorsRule {
        id: rule.id,
        allowed_headers: rule.headers,
        allowed_methods: rule.methods,
        allowed_origins: rule.origins,
        expose_headers: rule.expose,
        max_age_seconds: rule.max_age,
    });
    document("CORSConfiguration", &CorsConfiguration { rules: rules.collect() })
}

/// Answers PutBucketCors.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: CorsConfiguration = small_body::document(x, body, "CORSConfiguration").await?;
    let rules = asked.rules.into_iter().map(|rule| Rule {
        id: rule.id,
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: rule.allowed_headers,
        expose: rule.expose_headers,
        max_age: rule.max_age_seconds,
    });
    let cors = Cors { rules: rules.collect() };
    cors.check()?;
    let name = x.place.bucket.clone();
    x.transact(move |tx| match tx.contains(&BUCKETS, &name)? {
        true => Ok(tx.put(&CORS, &name, &cors)?),
        false => Err(Error::NoSuchBucket(name.clone())),
    })
    .await?;
    Ok(ok())
}

/// Answers DeleteBucketCors.
pub async fn delete(x: &Exchange) -> Result<Response, Error> {
    let name = x.place.bucket.clone();
    x.transact(move |tx| Ok(tx.delete(&CORS, &name).map(drop)?)).await?;
    Ok(no_content())
}

/// Answers a preflight.
///
/// # Errors
/// `BadRequest` where the browser's question is not whole, `AccessForbidden` where no rule fits.
pub fn preflight(service: &Service, parts: &request::Parts) -> Result<Response, Error> {
    let target =
        Target::of(&parts.uri, &parts.headers, &service.config.domains, &service.context.common.region)?;
    let bad = |message: String| Err(Error::from(ApiError::new(ErrorCode::BadRequest, message)));
    let Some(origin) = text(&parts.headers, &header::ORIGIN) else {
        return bad("Insufficient information. Origin request header needed.".into());
    };
    let method = text(&parts.headers, &header::ACCESS_CONTROL_REQUEST_METHOD);
    let Some(method) = method.filter(|method| ["GET", "PUT", "POST", "DELETE", "HEAD"].contains(method))
    else {
        return bad(format!("Invalid Access-Control-Request-Method: {}", method.unwrap_or("null")));
    };
    let bucket = target.bucket.unwrap_or_default();
    if !is_bucket_name(&bucket) {
        return Err(Error::InvalidBucketName(bucket));
    }
    let kind = if target.key.is_some() { "OBJECT" } else { "BUCKET" };
    let snapshot = service.store.snapshot()?;
    if !snapshot.contains(&BUCKETS, &bucket)? {
        return Err(Error::NoSuchBucket(bucket));
    }
    let asked: Vec<&str> = text(&parts.headers, &header::ACCESS_CONTROL_REQUEST_HEADERS)
        .map(|names| names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect())
        .unwrap_or_default();
    let Some(cors) = snapshot.get(&CORS, &bucket)? else {
        return Err(forbidden("CORSResponse: CORS is not enabled for this bucket.", method, kind));
    };
    let Some((rule, allowed)) = cors.find(origin, method, &asked) else {
        return Err(forbidden(
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
             request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
             by the resource's CORS spec.",
            method,
            kind,
        ));
    };
    let mut response = ok();
    write(&mut response, rule, allowed, origin);
    if !asked.is_empty() {
        set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, asked.join(", ").to_ascii_lowercase());
    }
    Ok(response)
}

fn forbidden(message: &str, method: &str, kind: &str) -> Error {
    ApiError::new(ErrorCode::AccessForbidden, message)
        .detail("Method", method)
        .detail("ResourceType", kind)
        .into()
}

/// Adds to a reply what lets the page that asked read it. A reply to no page is left alone.
pub fn add(service: &Service, parts: &request::Parts, response: &mut Response) {
    let Some(origin) = text(&parts.headers, &header::ORIGIN) else { return };
    let (domains, region) = (&service.config.domains, &service.context.common.region);
    let bucket = Target::of(&parts.uri, &parts.headers, domains, region).ok().and_then(|found| found.bucket);
    let rules = bucket.and_then(|bucket| service.store.snapshot().ok()?.get(&CORS, &bucket).ok()?);
    let Some(cors) = rules else { return };
    if let Some((rule, allowed)) = cors.find(origin, parts.method.as_str(), &[]) {
        write(response, rule, allowed, origin);
    } else {
        set(response, header::VARY, VARY);
    }
}

fn write(response: &mut Response, rule: &Rule, allowed: &str, origin: &str) {
    match allowed {
        "*" => set(response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        _ => {
            set(response, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(response, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
    set(response, header::ACCESS_CONTROL_ALLOW_METHODS, rule.methods.join(", "));
    if !rule.expose.is_empty() {
        set(response, header::ACCESS_CONTROL_EXPOSE_HEADERS, rule.expose.join(", "));
    }
    if let Some(seconds) = rule.max_age {
        set(response, header::ACCESS_CONTROL_MAX_AGE, seconds.to_string());
    }
    set(response, header::VARY, VARY);
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
