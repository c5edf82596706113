//! IAM, STS and KMS share one door: the gateway says which API a request is for; without it the credential scope does.

use std::sync::Arc;

use api_spec::Service;
use auth::sigv4::{self, RequestParts};
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderName;
use kit::dispatch::{Dispatcher, borrowed};

use crate::identity::Identity;

/// Set by the gateway, which takes it out of what clients send: `iam`, `sts` or `kms`.
const API: HeaderName = HeaderName::from_static("x-murus-api");

/// The dispatchers, one an API.
pub struct Dispatchers {
    pub iam: Arc<Dispatcher<Identity>>,
    pub sts: Arc<Dispatcher<Identity>>,
    pub kms: Arc<Dispatcher<Identity>>,
}

/// One router in front of all dispatchers.
pub fn by_api(dispatchers: Dispatchers) -> Router {
    let all = Arc::new(dispatchers);
    Router::new().fallback(move |request: Request| {
        let all = Arc::clone(&all);
        async move {
            match api(&request) {
                Service::Sts => all.sts.answer(request).await,
                Service::Kms => all.kms.answer(request).await,
                Service::Iam | Service::Ec2 | Service::S3 => all.iam.answer(request).await,
            }
        }
    })
}

/// Which API a request is for: IAM where nothing says otherwise.
fn api(request: &Request) -> Service {
    let name = match request.headers().get(API) {
        Some(api) => api.to_str().ok().map(str::to_owned),
        None => scope_service(request),
    };
    let known = |api: &Service| name.as_deref() == Some(api.name());
    [Service::Sts, Service::Kms].into_iter().find(known).unwrap_or(Service::Iam)
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
