//! What the machine gives at the moment, whatever the server: the same round against a process that does nothing but
//! HTTP. It reads a body away and answers from memory, checks no signature and keeps nothing. A ratio to it means the
//! same on a quiet and on a busy machine, where operations a second do not.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Failure;

/// The argument by which this program becomes that server.
pub const SERVE: &str = "--serve-floor";
/// The longest body that it answers with.
const LONGEST: usize = 64 << 20;

/// That server, as a process of its own; it ends with this value.
pub struct Floor {
    child: Child,
    /// Where it listens.
    pub endpoint: String,
}

impl Floor {
    /// Starts it.
    pub fn start() -> Result<Floor, Failure> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg(SERVE).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().ok_or("the floor has no output")?;
        let mut endpoint = String::new();
        BufReader::new(out).read_line(&mut endpoint)?;
        Ok(Floor { child, endpoint: endpoint.trim().to_owned() })
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        // one that ended by itself is gone as well
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed: says where on standard output.
pub fn serve() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let kept = Arc::new(AtomicUsize::new(0));
        let content = Bytes::from(vec![b'.'; LONGEST]);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (kept, content) = (Arc::clone(&kept), content.clone());
            let answer = service_fn(move |request| answer(request, Arc::clone(&kept), content.clone()));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    })
}

/// A body that was put is not kept, but how long it was: so much is read by the next GET.
async fn answer(
    request: Request<Incoming>,
    kept: Arc<AtomicUsize>,
    content: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::PUT {
        let length = kept.load(Ordering::Relaxed).min(LONGEST);
        return Ok(Response::new(Full::new(content.slice(..length))));
    }
    let (mut body, mut length) = (request.into_body(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    kept.store(length, Ordering::Relaxed);
    Ok(Response::default())
}
