//! Many at once: transfers that are slow or stall, and buckets with many keys.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use support::{ADMIN, World, config, request};
use tower::ServiceExt;

const CLIENTS: usize = 1000;
/// More than a buffer: each transfer holds as much as it ever will.
const BYTES: usize = 300 << 10;

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// A signed PUT whose body stops short of its end until `go` says otherwise.
fn stalled_put(key: usize, go: tokio::sync::watch::Receiver<bool>) -> Request<Body> {
    static BODY: [u8; BYTES] = [7; BYTES];
    let headers = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let signed = request(Some(&ADMIN), "PUT", &format!("/bucket/{key}"), &headers, b"");
    let (mut parts, _) = signed.into_parts();
    parts.headers.insert("content-length", BYTES.into());
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(&BODY[..BYTES - 1]))]);
    let last = futures_util::stream::once(async move {
        let mut go = go;
        go.wait_for(|go| *go).await.map_err(std::io::Error::other)?;
        Ok(Bytes::from_static(&BODY[BYTES - 1..]))
    });
    Request::from_parts(parts, Body::from_stream(first.chain(last)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_uploads_and_downloads_at_once_stay_within_bounds() {
    let world = World::with(object::Config { body_timeout_s: 60, ..config() }).await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/object", &vec![1; BYTES]).await.fine();
    let (go, wait) = tokio::sync::watch::channel(false);
    let mut uploads = tokio::task::JoinSet::new();
    for key in 0..CLIENTS {
        uploads.spawn(world.public.clone().oneshot(stalled_put(key, wait.clone())));
    }
    // downloads of which each has taken a piece and then stalls
    let mut downloads = Vec::new();
    for _ in 0..CLIENTS {
        let get = request(Some(&ADMIN), "GET", "/bucket/object", &[], b"");
        let response = world.public.clone().oneshot(get).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let piece = body.frame().await.unwrap().unwrap();
        downloads.push((body, piece));
    }
    let started = Instant::now();
    let mut most = 0;
    while started.elapsed() < Duration::from_secs(2) {
        most = most.max(resident_mib());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("at most {most} MiB");
    assert!(most < 512, "{most} MiB for {CLIENTS} uploads and as many downloads");
    // nobody was hurt by the crowd
    go.send(true).unwrap();
    while let Some(done) = uploads.join_next().await {
        assert_eq!(done.unwrap().unwrap().status(), 200);
    }
    for (body, piece) in downloads {
        let rest = body.collect().await.unwrap().to_bytes();
        assert_eq!(piece.into_data().unwrap().len() + rest.len(), BYTES);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_stalls_is_given_up_and_leaves_nothing() {
    let world = World::with(object::Config { body_timeout_s: 1, ..config() }).await;
    world.put("/bucket", b"").await.fine();
    let (_go, wait) = tokio::sync::watch::channel(false);
    let response = world.public.clone().oneshot(stalled_put(1, wait)).await.unwrap();
    assert_eq!(response.status(), 400);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("<Code>RequestTimeout</Code>"));
    world.files_become(0).await;
    world.get("/bucket/1").await.refused(404, "NoSuchKey");
}
