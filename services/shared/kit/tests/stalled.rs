//! Clients that take nothing of what they asked for, and clients that are merely slow, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use kit::Shutdown;
use kit::server::{Tcp, serve_tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What a reply holds while it is sent.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A server whose replies never end, and whether what a reply held was freed.
async fn serve(stall: Duration, shutdown: &Shutdown) -> (SocketAddr, Arc<AtomicBool>) {
    let freed = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&freed);
    let router = Router::new().fallback(move || {
        let held = Held(Arc::clone(&told));
        async move {
            Body::from_stream(stream::repeat(Bytes::from_static(&[7; 64 << 10])).map(move |piece| {
                let _held = &held;
                Ok::<_, std::io::Error>(piece)
            }))
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    serve_tcp(listener, router, Tcp { tls: None, stall }, shutdown);
    (at, freed)
}

/// A client with little room of its own, so that what it does not take stays with the server.
async fn ask(at: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 << 10).unwrap();
    let mut stream = socket.connect(at).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_and_what_its_reply_held_is_freed() {
    let shutdown = Shutdown::default();
    let (at, freed) = serve(Duration::from_secs(1), &shutdown).await;
    let mut client = ask(at).await;
    let mut some = vec![0; 100];
    client.read_exact(&mut some).await.unwrap();
    let started = Instant::now();
    while !freed.load(Ordering::Acquire) {
        assert!(started.elapsed() < Duration::from_secs(60), "it is still held");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // what had come before can be read, then the connection is gone
    let ended = client.read_to_end(&mut some).await;
    assert!(ended.is_err() || some.len() < 64 << 20, "a reply that never ends has ended");
}

#[tokio::test]
async fn a_client_that_is_slow_but_moves_is_never_cut() {
    let shutdown = Shutdown::default();
    let stall = Duration::from_secs(4);
    let (at, freed) = serve(stall, &shutdown).await;
    let mut client = ask(at).await;
    let mut piece = vec![0; 4 << 10];
    let started = Instant::now();
    while started.elapsed() < stall * 3 {
        client.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!freed.load(Ordering::Acquire));
    // much more than what lay in buffers when it began
    let mut rest = vec![0; 16 << 20];
    client.read_exact(&mut rest).await.unwrap();
}
