//! Serves S3 alone, for benchmarks and trying clients: `cargo run --release -p object --example alone -- <dir> <port>`.
//! There is one user, `AKIAADMINADMINADMIN1` with the secret `admin-secret-admin-secret-admin-secret-1`, and it may
//! do everything.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::Duration;

use kit::server::{Tcp, serve_tcp};
use object::Config;
use support::{config, context};

/// The allocator that the program uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| "object-alone".into()));
    let port: u16 = arguments.next().unwrap_or_else(|| "18774".into()).parse()?;
    let context = context(&directory);
    std::fs::create_dir_all(context.data_dir())?;
    context.credentials.watch(&context.shutdown);
    let shutdown = context.shutdown.clone();
    let routes = object::start(Config { body_timeout_s: 60, ..config() }, context).await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let tcp = Tcp { tls: None, stall: Duration::from_secs(60) };
    serve_tcp(listener, routes.public, tcp, &shutdown);
    tokio::signal::ctrl_c().await?;
    shutdown.begin();
    Ok(())
}
