//! Clients that stall, over real sockets: they are given up, and the files, buffers and space they held are free again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Request;
use kit::server::{Tcp, serve_tcp};
use support::{ADMIN, World, config, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// More than the buffers of both sockets.
const LARGE: usize = 24 << 20;
const CLIENTS: usize = 8;

async fn serve(world: &World) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let tcp = Tcp { tls: None, stall: Duration::from_secs(1) };
    serve_tcp(listener, world.public.clone(), tcp, &world.shutdown);
    at
}

/// Sends a request's head, which declares `length` bytes of body.
async fn send_head<B>(at: SocketAddr, request: &Request<B>, length: usize) -> TcpStream {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri());
    for (name, value) in request.headers().iter().filter(|(name, _)| *name != "content-length") {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += &format!("content-length: {length}\r\n\r\n");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 << 10).unwrap();
    let mut stream = socket.connect(at).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// How many files of the world's data this process has open.
fn open_files(world: &World) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap().map_while(Result::ok);
    let targets = links.filter_map(|link| std::fs::read_link(link.path()).ok());
    targets.filter(|target| target.starts_with(&world.data) && !target.is_dir()).count()
}

async fn open_files_become(world: &World, count: usize) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while open_files(world) != count {
        assert!(tokio::time::Instant::now() < deadline, "{} files are open, not {count}", open_files(world));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_stall_are_cut_and_their_files_closed() {
    let world = World::new().await;
    let at = serve(&world).await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/large", &vec![1; LARGE]).await.fine();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let get = request(Some(&ADMIN), "GET", "/bucket/large", &[], b"");
        let mut client = send_head(at, &get, 0).await;
        client.read_exact(&mut [0; 1000]).await.unwrap();
        clients.push(client);
    }
    open_files_become(&world, 0).await;
    for mut client in clients {
        let mut rest = Vec::new();
        let ended = client.read_to_end(&mut rest).await;
        assert!(ended.is_err() || rest.len() < LARGE, "a client that was cut has got everything");
    }
    // a deleted object's file goes at once: nobody holds it
    assert_eq!(world.delete("/bucket/large").await.status, 204);
    world.files_become(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_stall_are_told_so_and_leave_nothing() {
    let world = World::with(object::Config { body_timeout_s: 1, ..config() }).await;
    let at = serve(&world).await;
    world.put("/bucket", b"").await.fine();
    let mut clients = Vec::new();
    for key in 0..CLIENTS {
        let unsigned = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let put = request(Some(&ADMIN), "PUT", &format!("/bucket/{key}"), &unsigned, b"");
        let mut client = send_head(at, &put, LARGE).await;
        client.write_all(&vec![1; 1 << 20]).await.unwrap();
        clients.push(client);
    }
    for mut client in clients {
        let mut said = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), client.read_to_end(&mut said)).await;
        read.unwrap().unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 400") && said.contains("<Code>RequestTimeout</Code>"), "{said}");
    }
    world.files_become(0).await;
    assert_eq!(open_files(&world), 0);
    world.get("/bucket/0").await.refused(404, "NoSuchKey");
}
