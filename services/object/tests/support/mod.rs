//! A world for tests: the real service over a temporary directory, identity faked, requests signed by aws-sigv4.
#![allow(dead_code, clippy::unwrap_used, reason = "shared by several tests, which fail by panicking")]

pub mod form;
pub mod identity;
pub mod sealed;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Peer, Peers};
use kit::{Clock, Common, Context, Handler, Random, Routes, ServiceName, Shutdown};
use object::Config;
use tower::ServiceExt;

pub use identity::{ADMIN, Somebody};
pub use sealed::Sealed;

/// The service and what it stands on.
pub struct World {
    pub public: Handler,
    pub internal: Router,
    pub shutdown: Shutdown,
    pub data: PathBuf,
    pub metrics: Metrics,
    _dir: Option<tempfile::TempDir>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Text of the first element of this name.
    pub fn element(&self, name: &str) -> String {
        self.elements(name).into_iter().next().unwrap_or_default()
    }

    /// Texts of all elements of this name.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        text.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
    }

    /// Asserts status and error code.
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.element("Code").as_str()), (status, code), "{}", self.text());
    }

    /// Asserts success.
    pub fn fine(self) -> Reply {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self
    }
}

/// What `start` needs besides the configuration.
pub fn context(root: &Path) -> Context {
    let identity = Peer::of_router(identity::router());
    let peers = Peers::new(root);
    peers.bind(ServiceName::Identity, &Routes { internal: identity::router(), ..Routes::default() });
    Context {
        service: ServiceName::Object,
        common: Arc::new(Common { data_dir: root.to_owned(), run_dir: root.to_owned(), ..Common::default() }),
        clock: Clock::system(),
        random: Random::system(),
        peers,
        credentials: Credentials::new(identity),
        metrics: Metrics::default(),
        shutdown: Shutdown::default(),
    }
}

/// A configuration that does not care how full this machine's disk is.
pub fn config() -> Config {
    Config { reserve_mib: 0, body_timeout_s: 5, ..Config::default() }
}

impl World {
    /// A fresh one.
    pub async fn new() -> World {
        World::with(config()).await
    }

    /// A fresh one with a configuration of its own.
    pub async fn with(config: Config) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut world = World::open(dir.path(), config).await.unwrap();
        world._dir = Some(dir);
        world
    }

    /// One over a directory that outlives it.
    pub async fn at(root: &Path) -> World {
        World::open(root, config()).await.unwrap()
    }

    /// One over a directory, set up in another way; it may be refused.
    pub async fn open(root: &Path, config: Config) -> Result<World, object::Error> {
        let context = context(root);
        std::fs::create_dir_all(context.data_dir()).unwrap();
        let (shutdown, data) = (context.shutdown.clone(), context.data_dir().join("data"));
        let metrics = context.metrics.clone();
        let routes = object::start(config, context).await?;
        let (public, internal) = (routes.public, routes.internal);
        Ok(World { public, internal, shutdown, data, metrics, _dir: None })
    }

    /// Keeps the directory for as long as the world.
    pub fn keep(&mut self, dir: tempfile::TempDir) {
        self._dir = Some(dir);
    }

    /// Stops everything, so that the directory can be opened again.
    pub async fn stop(self) -> Option<tempfile::TempDir> {
        self.shutdown.begin();
        assert!(self.shutdown.finished(Duration::from_secs(10)).await);
        self._dir
    }

    /// Sends a request as it stands.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.public.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A request of somebody, signed with the digest of its body.
    pub async fn call(
        &self,
        who: Option<&Somebody>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        self.send(request(who, method, path, headers, body)).await
    }

    pub async fn put(&self, path: &str, body: &[u8]) -> Reply {
        self.call(Some(&ADMIN), "PUT", path, &[], body).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Some(&ADMIN), "GET", path, &[], b"").await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Some(&ADMIN), "DELETE", path, &[], b"").await
    }

    /// A request of the administrator with these headers.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Reply {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.call(Some(&ADMIN), method, path, &headers, body).await
    }

    /// Puts an object that is encrypted so.
    pub async fn put_sealed(&self, sealed: Sealed, path: &str, body: &[u8]) -> Reply {
        self.ask("PUT", path, &sealed.writing(), body).await
    }

    /// Gets an object that is encrypted so.
    pub async fn get_sealed(&self, sealed: Sealed, path: &str) -> Reply {
        self.ask("GET", path, &sealed.reading(), b"").await
    }

    pub async fn post(&self, path: &str, body: &[u8]) -> Reply {
        use base64::Engine as _;
        use md5::Digest as _;
        let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(body));
        self.call(Some(&ADMIN), "POST", path, &[("content-md5", &md5)], body).await
    }

    /// Files that hold content.
    pub fn files(&self) -> usize {
        let shards = std::fs::read_dir(&self.data).unwrap();
        shards.map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap().count()).sum()
    }

    /// Waits until so many files are left.
    pub async fn files_become(&self, count: usize) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while self.files() != count {
            assert!(tokio::time::Instant::now() < deadline, "{} files, not {count}", self.files());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A request, signed if it is somebody's. A header `x-amz-content-sha256` given here stays as it is.
pub fn request(
    who: Option<&Somebody>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Request<Body> {
    let payload = headers.iter().find(|(name, _)| *name == "x-amz-content-sha256").map(|(_, value)| *value);
    let mut builder = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    let mut sent: Vec<(String, String)> = vec![("host".into(), "127.0.0.1:8773".into())];
    sent.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    if let Some(who) = who {
        sent.extend(signature(who, method, path, &sent, payload, body));
    }
    if !body.is_empty() || method == "PUT" {
        sent.push(("content-length".into(), body.len().to_string()));
    }
    for (name, value) in &sent {
        builder = builder.header(name.as_str(), value.as_str());
    }
    builder.body(Body::from(body.to_vec())).unwrap()
}

fn signature(
    who: &Somebody,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    payload: Option<&str>,
    body: &[u8],
) -> Vec<(String, String)> {
    let keys = Keys::new(who.access_key_id, who.secret, None, None, "test").into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let parameters = v4::SigningParams::builder()
        .identity(&keys)
        .region("us-east-1")
        .name("s3")
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let signable = match payload {
        None => SignableBody::Bytes(body),
        Some(other) => SignableBody::Precomputed(other.to_owned()),
    };
    let unsigned = ["x-amz-content-sha256"];
    let pairs = headers
        .iter()
        .filter(|(name, _)| !unsigned.contains(&name.as_str()))
        .map(|(n, v)| (n.as_str(), v.as_str()));
    let uri = format!("http://127.0.0.1:8773{path}");
    let signable = SignableRequest::new(method, uri, pairs, signable).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let known = |name: &str| headers.iter().any(|(had, _)| had == name);
    instructions
        .headers()
        .filter(|(name, _)| !known(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
