//! The answering side of calls between services: a typed handler becomes a route of the internal router.

use std::future::Future;

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use calls::InternalCall;
use serde::{Deserialize, Serialize};

/// An [`ApiError`] on its way between services.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireError {
    code: String,
    message: String,
    internal: Option<String>,
}

impl From<ApiError> for WireError {
    fn from(error: ApiError) -> Self {
        WireError { code: error.code.as_str().to_owned(), message: error.message, internal: error.internal }
    }
}

impl From<WireError> for ApiError {
    fn from(wire: WireError) -> Self {
        match ErrorCode::from_text(&wire.code) {
            Some(code) => ApiError { internal: wire.internal, ..ApiError::new(code, wire.message) },
            None => ApiError::internal(format!("a peer answered with the unknown code {}", wire.code)),
        }
    }
}

/// The longest call that is read: logs and lists of disks may be long, and only the services themselves call.
const MAX_CALL: usize = 256 << 20;

/// The path of a call.
pub fn path_of(call: &str) -> String {
    format!("/internal/{call}")
}

/// Adds the answer to a call to a router.
pub fn answer<C, F, Fut>(router: Router, handler: F) -> Router
where
    C: InternalCall,
    F: Fn(C) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<C::Reply, ApiError>> + Send + 'static,
{
    router.route(
        &path_of(C::PATH),
        post(move |_: HeaderMap, body: Bytes| async move {
            match serde_json::from_slice::<C>(&body) {
                Ok(call) => match handler(call).await {
                    Ok(reply) => json(StatusCode::OK, &reply),
                    Err(error) => fail(error),
                },
                Err(error) => fail(ApiError::internal(format!("unreadable {}: {error}", C::PATH))),
            }
        })
        .layer(DefaultBodyLimit::max(MAX_CALL)),
    )
}

/// An error as internal calls carry it.
pub fn fail(error: ApiError) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, &WireError::from(error))
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
