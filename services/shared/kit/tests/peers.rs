//! Calls between services: in process and over sockets, through restarts and failures.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use calls::Done;
use calls::identity::{CredentialVersion, WatchCredentials};
use calls::object::PutLog;
use kit::peer::{Door, Peers, socket_path};
use kit::{Routes, ServiceName, Shutdown};

/// Answers every call with its count; refuses `since: 13`.
fn counting() -> Router {
    let calls = Arc::new(AtomicU64::new(0));
    kit::internal::answer(Router::new(), move |call: WatchCredentials| {
        let count = calls.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            if call.since == 13 {
                return Err(ApiError {
                    internal: Some("superstition".into()),
                    ..ApiError::new(ErrorCode::NoSuchEntity, "no 13")
                });
            }
            Ok(CredentialVersion { version: count })
        }
    })
}

fn serve(run_dir: &Path) -> Shutdown {
    let shutdown = Shutdown::default();
    let socket = socket_path(run_dir, ServiceName::Identity, Door::Internal);
    kit::server::serve_unix(&socket, counting(), &shutdown).unwrap();
    shutdown
}

async fn stop(shutdown: Shutdown) {
    shutdown.begin();
    assert!(shutdown.finished(std::time::Duration::from_secs(10)).await);
}

#[tokio::test]
async fn a_call_over_a_socket_outlives_a_restart_of_its_peer() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Peers::new(dir.path()).internal(ServiceName::Identity);
    let first = serve(dir.path());
    for expected in 1..=3 {
        assert_eq!(identity.call(&WatchCredentials { since: 0 }).await.unwrap().version, expected);
    }
    stop(first).await;
    // the pooled connection is dead now; the call notices and makes a new one
    let second = serve(dir.path());
    assert_eq!(identity.call(&WatchCredentials { since: 0 }).await.unwrap().version, 1);
    stop(second).await;
}

#[tokio::test]
async fn a_call_waits_for_a_peer_that_is_starting() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Peers::new(dir.path()).internal(ServiceName::Identity);
    let call = tokio::spawn(async move { identity.call(&WatchCredentials { since: 0 }).await });
    tokio::task::yield_now().await;
    let server = serve(dir.path());
    assert_eq!(call.await.unwrap().unwrap().version, 1);
    stop(server).await;
}

#[tokio::test]
async fn many_calls_at_once_all_get_their_own_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    let peers = Peers::new(dir.path());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let identity = peers.internal(ServiceName::Identity);
            tokio::spawn(async move { identity.call(&WatchCredentials { since: 0 }).await.unwrap().version })
        })
        .collect();
    let mut seen = Vec::new();
    for call in calls {
        seen.push(call.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    stop(server).await;
}

#[tokio::test]
async fn a_long_call_arrives_whole() {
    let dir = tempfile::tempdir().unwrap();
    let shutdown = Shutdown::default();
    let length = |expected: usize| {
        kit::internal::answer(Router::new(), move |call: PutLog| async move {
            match call.content.len() == expected {
                true => Ok(Done {}),
                false => Err(ApiError::internal(format!("{} characters", call.content.len()))),
            }
        })
    };
    let call = PutLog { bucket: "b".into(), key: "k".into(), content: "x".repeat(20 << 20) };
    let socket = socket_path(dir.path(), ServiceName::Object, Door::Internal);
    kit::server::serve_unix(&socket, length(20 << 20), &shutdown).unwrap();
    Peers::new(dir.path()).internal(ServiceName::Object).call(&call).await.unwrap();
    kit::peer::Peer::of_router(length(20 << 20)).call(&call).await.unwrap();
    stop(shutdown).await;
}

#[tokio::test]
async fn an_error_arrives_as_it_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    let local = Peers::new(dir.path());
    let refused = |peers: Peers| async move {
        peers.internal(ServiceName::Identity).call(&WatchCredentials { since: 13 }).await.unwrap_err()
    };
    let remote = refused(local.clone()).await;
    let other = Peers::new(dir.path());
    other.bind(ServiceName::Identity, &Routes { internal: counting(), ..Routes::default() });
    let in_process = refused(other).await;
    assert_eq!(remote, in_process);
    assert_eq!((remote.code, remote.internal.as_deref()), (ErrorCode::NoSuchEntity, Some("superstition")));
    stop(server).await;
}
