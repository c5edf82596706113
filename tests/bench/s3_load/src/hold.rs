//! Many large transfers at once, none of which ends: half of the connections upload an object, half download one, each
//! moves so much and then stands still. What counts is what the server holds for them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::plan::Plan;
use crate::sign::{Signer, Target};
use crate::{Failure, watch};

/// How long the server is watched once all stand still.
const WATCH: Duration = Duration::from_secs(5);
/// Bytes that are sent at once.
const PIECE: usize = 64 << 10;

/// Opens the connections and says what the server came to.
pub async fn run(plan: &Arc<Plan>, signer: &Arc<Signer>, connections: usize) -> Result<(), Failure> {
    let size = plan.sizes.first().ok_or("no size")?.bytes();
    let path = format!("/{}/{}hold-{}", plan.bucket, plan.prefix, std::process::id());
    put_whole(plan, signer, &path, size).await?;
    let (before, _) = memory(plan)?;
    let mut opening = JoinSet::new();
    for n in 0..connections {
        let (plan, signer, path) = (Arc::clone(plan), Arc::clone(signer), path.clone());
        opening.spawn(async move {
            match n % 2 {
                0 => begin_get(&plan, &signer, &path, size).await,
                _ => begin_put(&plan, &signer, &format!("{path}-{n}"), size).await,
            }
        });
    }
    let mut held = Vec::new();
    while let Some(opened) = opening.join_next().await {
        held.push(opened??);
    }
    tokio::time::sleep(WATCH).await;
    let (now, most) = memory(plan)?;
    println!(
        "{} connections hold transfers of {} MiB, {} MiB of each moved: server {before} MiB before, {now} MiB now, \
         {most} MiB at most",
        held.len(),
        size >> 20,
        plan.moved.bytes() >> 20,
    );
    drop(held);
    Connection::open(&plan.endpoint).await?.call(&head(signer, "DELETE", &path), &[]).await?;
    Ok(())
}

fn memory(plan: &Plan) -> Result<(u64, u64), Failure> {
    let pid = plan.server_pid.ok_or("--hold needs --server-pid")?;
    watch::memory(pid).map(|(now, most)| (now >> 10, most >> 10))
}

fn head(signer: &Signer, method: &str, path: &str) -> String {
    signer.head(Target { method, path, query: "" }, &[])
}

/// The head of an upload of so many bytes, which are not signed.
fn put_head(signer: &Signer, path: &str, size: usize) -> String {
    signer.head_of(Target { method: "PUT", path, query: "" }, "UNSIGNED-PAYLOAD", size)
}

async fn send(stream: &mut TcpStream, bytes: usize) -> Result<(), Failure> {
    let piece = [0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(PIECE);
        stream.write_all(&piece[..now]).await?;
        left -= now;
    }
    Ok(())
}

async fn put_whole(plan: &Plan, signer: &Signer, path: &str, size: usize) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(&plan.endpoint).await?;
    stream.write_all(put_head(signer, path, size).as_bytes()).await?;
    send(&mut stream, size).await?;
    let mut said = [0; 12];
    stream.read_exact(&mut said).await?;
    match &said {
        b"HTTP/1.1 200" => Ok(()),
        other => Err(format!("the object cannot be put: {}", String::from_utf8_lossy(other)).into()),
    }
}

async fn begin_put(plan: &Plan, signer: &Signer, path: &str, size: usize) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(&plan.endpoint).await?;
    stream.write_all(put_head(signer, path, size).as_bytes()).await?;
    send(&mut stream, plan.moved.bytes().min(size.saturating_sub(1))).await?;
    Ok(stream)
}

async fn begin_get(plan: &Plan, signer: &Signer, path: &str, size: usize) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(&plan.endpoint).await?;
    stream.write_all(head(signer, "GET", path).as_bytes()).await?;
    let mut piece = vec![0; PIECE];
    let mut left = plan.moved.bytes().min(size);
    while left > 0 {
        let room = left.min(PIECE);
        let read = stream.read(&mut piece[..room]).await?;
        if read == 0 {
            return Err("the server closed the connection within a reply".into());
        }
        left -= read;
    }
    Ok(stream)
}
