//! Small helpers around HTTP messages that several services need.

use std::time::Duration;

use api_spec::protocol::error_document;
use api_spec::{ApiError, ErrorCode, Protocol, Service};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited, StreamBody};

/// A query-protocol body may be this big. EC2's largest legitimate requests (user data, many filters) stay far below.
pub const MAX_QUERY_BODY: usize = 2 << 20;

/// Reads a body whole, up to a limit; one that declares more is refused before any of it is read.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(error) => Err(incomplete(&*error)),
    }
}

/// Reads a client's body whole, up to a limit, and gives a client up that sends nothing for `patience`.
pub async fn read_request(body: Body, limit: usize, patience: Duration) -> Result<Bytes, ApiError> {
    let hint = body.size_hint();
    let moving = futures_util::stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match tokio::time::timeout(patience, body.frame()).await {
            Ok(frame) => frame.map(|frame| (frame.map_err(Stop::Broken), Some(body))),
            Err(_) => Some((Err(Stop::Stalled), None)),
        }
    });
    if hint.lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match Limited::new(StreamBody::new(moving), limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(error) => match error.downcast_ref::<Stop>() {
            Some(Stop::Stalled) => Err(ApiError::new(
                ErrorCode::RequestTimeout,
                "Your socket connection to the server was not read from or written to within the timeout period.",
            )),
            _ => Err(incomplete(&*error)),
        },
    }
}

/// Why a body of a client did not come whole.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("nothing came for too long")]
    Stalled,
    #[error(transparent)]
    Broken(axum::Error),
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::RequestEntityTooLarge, format!("The request body is larger than {limit} bytes"))
}

fn incomplete(error: &dyn std::error::Error) -> ApiError {
    ApiError {
        internal: Some(error.to_string()),
        ..ApiError::new(ErrorCode::IncompleteBody, "The request body ended before its declared length")
    }
}

/// A reply in the document format of the service, with the request id in the header AWS uses for it.
pub fn document(service: Service, status: u16, body: String, request_id: &str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = match service {
        Service::Ec2 => "text/xml;charset=UTF-8",
        Service::Iam | Service::Sts => "text/xml",
        Service::S3 => "application/xml",
        Service::Kms => "application/x-amz-json-1.1",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    put_request_id(response.headers_mut(), service, request_id);
    response
}

/// Sets the reply headers that name the request and, for EC2, the server (HTCondor tells Amazon by it).
pub fn put_request_id(headers: &mut HeaderMap, service: Service, request_id: &str) {
    let id = HeaderValue::from_str(request_id).unwrap_or(HeaderValue::from_static("-"));
    match service {
        Service::S3 => {
            headers.insert("x-amz-request-id", id.clone());
            headers.insert("x-amz-id-2", id);
            headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
        }
        Service::Ec2 => {
            headers.insert("x-amzn-requestid", id);
            headers.insert(header::SERVER, HeaderValue::from_static("AmazonEC2"));
        }
        Service::Iam | Service::Sts | Service::Kms => {
            headers.insert("x-amzn-requestid", id);
        }
    }
}

/// An error as its service words it. Writes the log line that says what the caller is not told.
pub fn error(service: Service, error: &ApiError, request_id: &str, resource: &str) -> Response {
    if error.code.status() >= 500 {
        tracing::error!(request_id, code = %error.code, internal = error.internal.as_deref(), "request failed");
    } else if let Some(internal) = &error.internal {
        tracing::info!(request_id, code = %error.code, internal, "request refused");
    }
    let body = error_document::write(service, error, request_id, resource);
    let mut response = document(service, error_document::status(service, error.code), body, request_id);
    if service.protocol() == Protocol::Json {
        let kind = HeaderValue::from_static(error_document::json_type(error.code));
        response.headers_mut().insert("x-amzn-errortype", kind);
    }
    response
}
