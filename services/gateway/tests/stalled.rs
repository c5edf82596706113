//! Clients that stall, through the gateway to a service behind a unix socket: both let go of what they held.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use gateway::Config;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Door, Peer, Peers, socket_path};
use kit::{Clock, Common, Context, Random, ServiceName, Shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

type Flag = Arc<AtomicBool>;

/// Raises its flag when it is dropped.
struct Held(Flag);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The gateway in front of what stands for the object service.
struct World {
    at: SocketAddr,
    freed: Flag,
    _dir: tempfile::TempDir,
    shutdown: Shutdown,
}

impl World {
    async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let (shutdown, freed) = (Shutdown::default(), Flag::default());
        let told = Arc::clone(&freed);
        let object = Router::new().fallback(move |request: Request| answer(request, Held(Arc::clone(&told))));
        let socket = socket_path(dir.path(), ServiceName::Object, Door::Public);
        kit::server::serve_unix(&socket, object, &shutdown).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let config = Config { listen: any, internal_listen: any, stall_timeout_s: 1, ..Config::default() };
        gateway::start(config, context(dir.path(), &shutdown)).await.unwrap();
        let endpoint = std::fs::read_to_string(dir.path().join(gateway::ENDPOINT_FILE)).unwrap();
        let at = endpoint.trim().trim_start_matches("http://").parse().unwrap();
        World { at, freed, _dir: dir, shutdown }
    }

    async fn send(&self, head: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 << 10).unwrap();
        let mut stream = socket.connect(self.at).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn freed(self) {
        for _ in 0..3_000 {
            if self.freed.load(Ordering::Acquire) {
                self.shutdown.begin();
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it is still held");
    }
}

fn context(run_dir: &Path, shutdown: &Shutdown) -> Context {
    Context {
        service: ServiceName::Gateway,
        common: Arc::new(Common {
            data_dir: run_dir.to_owned(),
            run_dir: run_dir.to_owned(),
            ..Common::default()
        }),
        clock: Clock::system(),
        random: Random::system(),
        peers: Peers::new(run_dir),
        credentials: Credentials::new(Peer::of_router(Router::new())),
        metrics: Metrics::default(),
        shutdown: shutdown.clone(),
    }
}

/// A GET never ends; of a PUT all is read that comes within a second, as the object service does.
async fn answer(request: Request, held: Held) -> Response {
    if request.method() == "GET" {
        let pieces = stream::repeat(Bytes::from_static(&[7; 64 << 10]));
        return Body::from_stream(pieces.map(move |piece| {
            let _held = &held;
            Ok::<_, std::io::Error>(piece)
        }))
        .into_response();
    }
    let whole = kit::http::read_request(request.into_body(), 1 << 30, Duration::from_secs(1)).await;
    drop(held);
    match whole {
        Ok(_) => StatusCode::OK.into_response(),
        Err(ApiError { code: ErrorCode::RequestTimeout, .. }) => {
            (StatusCode::BAD_REQUEST, "RequestTimeout").into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the server says until it ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut all));
    // that there is more of a body than was read may reset the connection behind the reply
    let _ = read.await.unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_download_that_stalls_is_cut_on_both_sides_of_the_gateway() {
    let world = World::new().await;
    let mut client = world.send("GET /bucket/key HTTP/1.1\r\nhost: here\r\n\r\n").await;
    client.read_exact(&mut [0; 100]).await.unwrap();
    world.freed().await;
}

#[tokio::test]
async fn an_upload_that_stalls_is_told_so_and_its_connection_ends() {
    let world = World::new().await;
    let client = world.send("PUT /b/k HTTP/1.1\r\nhost: here\r\ncontent-length: 1000000\r\n\r\nbegun").await;
    let said = rest(client).await;
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("RequestTimeout"), "{said}");
    world.freed().await;
}

#[tokio::test]
async fn a_query_that_stalls_is_told_so_and_its_connection_ends() {
    let world = World::new().await;
    let head = "POST / HTTP/1.1\r\nhost: ec2.here\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 100\r\n\r\nAction=Desc";
    let said = rest(world.send(head).await).await;
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("<Code>RequestTimeout</Code>"), "{said}");
    world.shutdown.begin();
}
