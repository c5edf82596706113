//! `murus status`: whether every service answers.

use std::time::Duration;

use axum::body::Body;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::Failure;
use crate::config::Config;

/// Between two looks while waiting.
const POLL: Duration = Duration::from_millis(100);
/// One look may take so long: a service that is being restarted is waited for by the gateway itself.
const LOOK: Duration = Duration::from_secs(10);

/// Prints the state; fails when some service does not answer within `wait_s` seconds.
pub async fn run(config: &Config, wait_s: u64) -> Result<(), Failure> {
    let give_up = Instant::now() + Duration::from_secs(wait_s);
    loop {
        let seen = tokio::time::timeout(LOOK, look(config)).await.unwrap_or_else(|_| Err("no answer".into()));
        match seen {
            Ok(()) => {
                println!("{}: all services answer", crate::env::endpoint(config)?);
                return Ok(());
            }
            Err(failure) if Instant::now() >= give_up => {
                return Err(format!("not all services answer: {failure}").into());
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

async fn look(config: &Config) -> Result<(), Failure> {
    let path = config.run_dir.join(gateway::INTERNAL_FILE);
    let at = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; the cloud is not running", path.display()))?;
    let at: Uri = at.trim().parse()?;
    let authority = at.authority().ok_or("the gateway wrote down no address")?.as_str();
    let stream = TcpStream::connect(authority).await.map_err(|error| format!("gateway: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/healthz").header("host", authority).body(Body::empty())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = kit::http::read_body(Body::new(response.into_body()), 1 << 20).await?;
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&body).trim().replace('\n', "; ").into())
}
