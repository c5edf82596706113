//! What answers requests: a router or, where every request counts, a function.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::{Service, ServiceExt};

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Answers requests. Clones are the same handler.
#[derive(Clone)]
pub struct Handler(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

impl Handler {
    /// This function. It makes its own box, so that what it waits for is not moved once it is made.
    pub fn new(answer: impl Fn(Request) -> Answering + Send + Sync + 'static) -> Self {
        Handler(Arc::new(answer))
    }

    /// Answers a request.
    pub fn answer(&self, request: Request) -> Answering {
        (self.0)(request)
    }
}

impl From<Router> for Handler {
    fn from(router: Router) -> Self {
        Handler::new(move |request| Box::pin(router.clone().oneshot(request)))
    }
}

impl Default for Handler {
    fn default() -> Self {
        Router::new().into()
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

impl Service<Request> for Handler {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        self.answer(request)
    }
}
