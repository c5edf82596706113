//! Building replies.

use api_spec::Service as Api;
use api_spec::protocol::xml::{self, Lists};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::is_head;
use crate::error::Error;

/// A reply with a document; `root` is its element.
pub fn document<T: Serialize>(root: &str, value: &T) -> Result<Response, Error> {
    document_in(Api::S3.xmlns(), root, value)
}

/// The same in another namespace.
pub fn document_in<T: Serialize>(xmlns: &str, root: &str, value: &T) -> Result<Response, Error> {
    let body =
        xml::document(root, xmlns, value, Lists::Flat).map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = Response::new(Body::from(body));
    set(&mut response, header::CONTENT_TYPE, "application/xml");
    Ok(response)
}

/// A reply with a document whose last elements are written already.
pub fn document_around<T: Serialize>(root: &str, value: &T, last: &[&str]) -> Result<Response, Error> {
    let mut body = xml::document(root, Api::S3.xmlns(), value, Lists::Flat)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let end = format!("</{root}>");
    if !body.ends_with(&end) {
        return Err(Error::Internal(format!("<{root}> is not closed")));
    }
    body.truncate(body.len() - end.len());
    body.reserve(last.iter().map(|part| part.len()).sum::<usize>() + end.len());
    last.iter().chain([&end.as_str()]).for_each(|part| body.push_str(part));
    let mut response = Response::new(Body::from(body));
    set(&mut response, header::CONTENT_TYPE, "application/xml");
    Ok(response)
}

/// A reply without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 200 and nothing else.
pub fn ok() -> Response {
    empty(StatusCode::OK)
}

/// 204.
pub fn no_content() -> Response {
    empty(StatusCode::NO_CONTENT)
}

/// Sets a header. What cannot be one (it came with a signed query) is left out.
pub fn set(response: &mut Response, name: HeaderName, value: impl AsRef<[u8]>) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_ref()) {
        response.headers_mut().insert(name, value);
    }
}

/// Sets a header by the text of its name.
pub fn set_named(response: &mut Response, name: &str, value: impl AsRef<[u8]>) {
    if let Ok(name) = name.parse::<HeaderName>() {
        set(response, name, value);
    }
}

/// Names the version that a reply is about, where versions are kept.
pub fn set_version(response: &mut Response, version: Option<&str>) {
    if let Some(version) = version {
        set_named(response, "x-amz-version-id", version);
    }
}

/// An ETag as it goes over the wire.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// A time as HTTP writes it.
pub fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A time as XML writes it.
pub fn iso_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Adds what every reply has; takes the body from the reply to a HEAD.
pub fn finished(mut response: Response, method: &Method, request_id: &str) -> Response {
    kit::http::put_request_id(response.headers_mut(), Api::S3, request_id);
    let bodiless = response.status() == StatusCode::NOT_MODIFIED;
    if is_head(method) || bodiless {
        if response.status().is_client_error() || response.status().is_server_error() || bodiless {
            response.headers_mut().remove(header::CONTENT_TYPE);
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        *response.body_mut() = Body::empty();
    }
    response
}
