//! The calling side: how one service reaches another, wherever it runs.
//!
//! In the same process a peer is the other service's router, called directly; in another process on the host it is
//! HTTP over a unix socket. The code that calls cannot tell. A peer that is being restarted is waited for a little.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use api_spec::ApiError;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use calls::InternalCall;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::context::{Routes, ServiceName};
use crate::handler::Handler;
use crate::http::read_body;
use crate::internal::{WireError, path_of};
use crate::request::Origin;

/// How long a caller waits for a peer that does not listen: a restart takes less.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a peer that does not listen.
const RETRY_EVERY: Duration = Duration::from_millis(25);
/// Idle connections kept to one peer.
const MAX_IDLE: usize = 64;
/// An internal reply may be this big (a node's whole state, a list of all tags).
const MAX_REPLY: usize = 256 << 20;

/// The peers of a process.
#[derive(Clone)]
pub struct Peers {
    run_dir: PathBuf,
    known: Arc<Mutex<HashMap<(ServiceName, Door), Peer>>>,
}

/// Which of a service's two routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// Requests of clients.
    Public,
    /// Calls of services.
    Internal,
}

impl Peers {
    /// Peers whose sockets lie in `run_dir`, unless they are [`Peers::bind`]-ed in this process.
    pub fn new(run_dir: &Path) -> Self {
        Peers { run_dir: run_dir.to_owned(), known: Arc::default() }
    }

    /// Announces that a service will run in this process: its peers wait for [`Peers::bind`] instead of a socket.
    pub fn expect(&self, service: ServiceName) {
        let mut known = self.lock();
        for door in [Door::Public, Door::Internal] {
            known.entry((service, door)).or_insert_with(|| Peer(Arc::new(Transport::Local(OnceLock::new()))));
        }
    }

    /// Makes a service of this process reachable to the others in it.
    pub fn bind(&self, service: ServiceName, routes: &Routes) {
        self.expect(service);
        let known = self.lock();
        let doors = [(Door::Public, routes.public.clone()), (Door::Internal, routes.internal.clone().into())];
        for (door, handler) in doors {
            if let Some(Transport::Local(slot)) = known.get(&(service, door)).map(|peer| &*peer.0) {
                // a service starts once a process; a second start keeps the first
                let _ = slot.set(handler);
            }
        }
    }

    /// The internal door of a service.
    pub fn internal(&self, service: ServiceName) -> Peer {
        self.get(service, Door::Internal)
    }

    /// The public door of a service: for the gateway alone.
    pub fn public(&self, service: ServiceName) -> Peer {
        self.get(service, Door::Public)
    }

    fn get(&self, service: ServiceName, door: Door) -> Peer {
        let socket = socket_path(&self.run_dir, service, door);
        self.lock()
            .entry((service, door))
            .or_insert_with(|| Peer(Arc::new(Transport::Unix { socket, idle: Mutex::default() })))
            .clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(ServiceName, Door), Peer>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a service's door is on this host.
pub fn socket_path(run_dir: &Path, service: ServiceName, door: Door) -> PathBuf {
    match door {
        Door::Public => run_dir.join(format!("{service}.sock")),
        Door::Internal => run_dir.join(format!("{service}.internal.sock")),
    }
}

/// One service's door, as seen from another.
#[derive(Clone)]
pub struct Peer(Arc<Transport>);

enum Transport {
    Local(OnceLock<Handler>),
    Unix { socket: PathBuf, idle: Mutex<Vec<SendRequest<Body>>> },
}

impl Peer {
    /// A peer that listens on this socket.
    pub fn at_socket(socket: PathBuf) -> Self {
        Peer(Arc::new(Transport::Unix { socket, idle: Mutex::default() }))
    }

    /// A peer that is this router; for tests.
    pub fn of_router(router: Router) -> Self {
        Peer(Arc::new(Transport::Local(OnceLock::from(Handler::from(router)))))
    }

    /// Makes a call. Calls are idempotent, so one that was cut off is sent once more.
    ///
    /// # Errors
    /// The error that the peer answered with, or `ServiceUnavailable` when it cannot be reached.
    pub async fn call<C: InternalCall>(&self, call: &C) -> Result<C::Reply, ApiError> {
        let body = serde_json::to_vec(call).map_err(ApiError::internal)?;
        // calls are rare, and every request that may have to make one would need the room for it
        let reply = Box::pin(self.replied(C::PATH, body)).await?;
        serde_json::from_slice(&reply).map_err(ApiError::internal)
    }

    async fn replied(&self, path: &str, body: Vec<u8>) -> Result<Bytes, ApiError> {
        let response = match self.send(post(path, body.clone())?).await {
            Ok(response) => response,
            Err(_) => self.send(post(path, body)?).await?,
        };
        let ok = response.status() == StatusCode::OK;
        let bytes = read_body(response.into_body(), MAX_REPLY).await.map_err(ApiError::unavailable)?;
        if ok {
            return Ok(bytes);
        }
        Err(serde_json::from_slice::<WireError>(&bytes).map_or_else(ApiError::internal, ApiError::from))
    }

    /// Sends a JSON question whose answer is a stream of bytes (an object's content).
    pub async fn open<Q: serde::Serialize>(&self, path: &str, question: &Q) -> Result<Response, ApiError> {
        let response =
            self.send(post(path, serde_json::to_vec(question).map_err(ApiError::internal)?)?).await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let bytes = read_body(response.into_body(), MAX_REPLY).await.map_err(ApiError::unavailable)?;
        Err(serde_json::from_slice::<WireError>(&bytes).map_or_else(ApiError::internal, ApiError::from))
    }

    /// Hands a whole HTTP request to the peer. An [`Origin`] among its extensions arrives, too: in another process by
    /// headers.
    pub async fn send(&self, request: Request<Body>) -> Result<Response, ApiError> {
        match &*self.0 {
            Transport::Local(slot) => {
                let handler = match slot.get() {
                    Some(handler) => handler,
                    None => wait_for(slot).await?,
                };
                let Ok(response) = handler.answer(request).await;
                Ok(response)
            }
            Transport::Unix { socket, idle } => {
                let mut request = request;
                if let Some(origin) = request.extensions_mut().remove::<Origin>() {
                    origin.put(request.headers_mut());
                }
                // the way through a socket needs much room, which a request that stays in the process need not have
                Box::pin(send_over(socket, idle, request)).await
            }
        }
    }
}

fn post(path: &str, body: Vec<u8>) -> Result<Request<Body>, ApiError> {
    Request::post(path_of(path))
        .header(header::HOST, "murus")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(ApiError::internal)
}

async fn wait_for(slot: &OnceLock<Handler>) -> Result<&Handler, ApiError> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(handler) = slot.get() {
            return Ok(handler);
        }
        if tokio::time::Instant::now() > give_up {
            return Err(ApiError::unavailable("a service of this process has not started"));
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

type Idle = Mutex<Vec<SendRequest<Body>>>;

async fn send_over(socket: &Path, idle: &Idle, request: Request<Body>) -> Result<Response, ApiError> {
    let mut request = request;
    // A pooled connection may have been closed by a peer that restarted; then the request comes back unsent.
    while let Some(mut sender) = take_idle(idle) {
        match sender.try_send_request(request).await {
            Ok(response) => return Ok(give_back(idle, sender, response)),
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(ApiError::unavailable(error.into_error())),
            },
        }
    }
    let mut sender = connect(socket).await?;
    let response = sender.send_request(request).await.map_err(ApiError::unavailable)?;
    Ok(give_back(idle, sender, response))
}

fn take_idle(idle: &Idle) -> Option<SendRequest<Body>> {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(sender) = idle.pop() {
        if sender.is_ready() {
            return Some(sender);
        }
    }
    None
}

/// Returns the connection to the pool at once: a connection still busy with a body is not ready and is skipped.
fn give_back(
    idle: &Idle,
    sender: SendRequest<Body>,
    response: hyper::Response<hyper::body::Incoming>,
) -> Response {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < MAX_IDLE {
        idle.insert(0, sender);
    }
    response.map(Body::new)
}

async fn connect(socket: &Path) -> Result<SendRequest<Body>, ApiError> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    let stream = loop {
        match UnixStream::connect(socket).await {
            Ok(stream) => break stream,
            Err(_) if tokio::time::Instant::now() < give_up => tokio::time::sleep(RETRY_EVERY).await,
            Err(error) => {
                return Err(ApiError::unavailable(format!("{}: {error}", socket.display())));
            }
        }
    };
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(ApiError::unavailable)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a peer ended");
        }
    });
    Ok(sender)
}
