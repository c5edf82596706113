//! IAM and STS share one door: the gateway says which API a request is for; without it the credential scope does.

use std::sync::Arc;

use api_spec::Service;
use auth::sigv4::{self, RequestParts};
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderName;
use kit::dispatch::{Dispatcher, borrowed};

use crate::identity::Identity;

/// Set by the gateway, which takes it out of what clients send: `iam` or `sts`.
const API: HeaderName = HeaderName::from_static("x-murus-api");

/// One router in front of both dispatchers.
pub fn by_api(iam: Dispatcher<Identity>, sts: Dispatcher<Identity>) -> Router {
    let both = Arc::new((iam, sts));
    Router::new().fallback(move |request: Request| {
        let both = Arc::clone(&both);
        async move {
            match is_sts(&request) {
                true => both.1.answer(request).await,
                false => both.0.answer(request).await,
            }
        }
    })
}

fn is_sts(request: &Request) -> bool {
    match request.headers().get(API) {
        Some(api) => api.as_bytes() == Service::Sts.name().as_bytes(),
        None => scope_service(request).as_deref() == Some(Service::Sts.name()),
    }
}

fn scope_service(request: &Request) -> Option<String> {
    let headers = borrowed(request.headers());
    let parts = RequestParts {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or(""),
        headers: &headers,
    };
    // what cannot be read is refused by the dispatcher, with the right words
    sigv4::parse(parts).ok()?.sigv4().map(|sig| sig.scope.service.clone())
}
