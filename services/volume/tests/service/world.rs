//! A volume service with its own directory, clock and neighbours, and a client that signs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api_spec::ids::InstanceId;
use auth::sigv4::{Scope, SigningKey, sha256_hex};
use axum::body::Body;
use axum::http::Request;
use calls::InternalCall;
use http_body_util::BodyExt;
use jiff::Timestamp;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Peer, Peers};
use kit::{Clock, Common, Context, Random, ServiceName, Shutdown};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;
use tower::ServiceExt;
use volume::Config;
use volume::backend::Backend;

use crate::peers::{Around, Instance, secret_of};

/// The account of most tests.
pub const ACCOUNT: &str = "111122223333";
/// Somebody else's.
pub const OTHER_ACCOUNT: &str = "444455556666";
/// A key of [`ACCOUNT`] that may do everything.
pub const ADMIN: &str = "AKIAADMIN00000000001";
/// A key of [`OTHER_ACCOUNT`] that may do everything.
pub const STRANGER: &str = "AKIASTRANGER00000001";
const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const DEADLINE: Duration = Duration::from_secs(20);

/// The service and everything around it.
pub struct World {
    pub around: Around,
    /// The data directory.
    pub dir: PathBuf,
    _own: Option<TempDir>,
    pub config: Config,
    backend: Option<Arc<dyn Backend>>,
    service: Option<Running>,
}

struct Running {
    public: kit::Handler,
    internal: Peer,
    shutdown: Shutdown,
}

/// Code and message of a refusal.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

impl World {
    /// On real files.
    pub async fn new() -> World {
        World::with(Config::default(), None).await
    }

    pub async fn with(config: Config, backend: Option<Arc<dyn Backend>>) -> World {
        let own = tempfile::tempdir().unwrap();
        let mut world = World::around(own.path().to_owned(), config, backend);
        world._own = Some(own);
        world.start().await;
        world
    }

    /// On what lies in `dir`, which outlives it, among neighbours as `prepare` leaves them.
    pub async fn at(dir: PathBuf, prepare: impl FnOnce(&World)) -> World {
        let mut world = World::around(dir, Config::default(), None);
        prepare(&world);
        world.start().await;
        world
    }

    fn around(dir: PathBuf, config: Config, backend: Option<Arc<dyn Backend>>) -> World {
        let around = Around::default();
        around.facts().keys.insert(ADMIN.into(), (ACCOUNT.into(), ALL.into()));
        around.facts().keys.insert(STRANGER.into(), (OTHER_ACCOUNT.into(), ALL.into()));
        World { around, dir, _own: None, config, backend, service: None }
    }

    pub async fn start(&mut self) {
        let peers = Peers::new(&self.dir);
        peers.bind(ServiceName::Identity, &self.around.identity());
        peers.bind(ServiceName::Compute, &self.around.compute());
        peers.bind(ServiceName::Object, &self.around.object());
        let common = Common { data_dir: self.dir.clone(), ..Common::default() };
        let context = Context {
            service: ServiceName::Volume,
            common: Arc::new(common),
            clock: Clock::system(),
            random: Random::system(),
            credentials: Credentials::new(peers.internal(ServiceName::Identity)),
            peers,
            metrics: Metrics::default(),
            shutdown: Shutdown::default(),
        };
        let shutdown = context.shutdown.clone();
        std::fs::create_dir_all(context.data_dir()).unwrap();
        let routes = match &self.backend {
            None => volume::start(self.config.clone(), context).await.unwrap(),
            Some(backend) => {
                volume::start_with(self.config.clone(), context, Arc::clone(backend)).await.unwrap()
            }
        };
        self.service =
            Some(Running { public: routes.public, internal: Peer::of_router(routes.internal), shutdown });
    }

    /// Ends the service; its store is free when this returns.
    pub async fn stop(&mut self) {
        let running = self.service.take().unwrap();
        running.shutdown.begin();
        assert!(running.shutdown.finished(DEADLINE).await);
    }

    fn running(&self) -> &Running {
        self.service.as_ref().unwrap()
    }

    /// A key of the usual account with this policy.
    pub fn key(&self, statements: &str) -> String {
        let mut facts = self.around.facts();
        let id = format!("AKIATEST{:012}", facts.keys.len());
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        facts.keys.insert(id.clone(), (ACCOUNT.into(), policy));
        id
    }

    /// An instance of the usual account that does as it is told.
    pub fn instance(&self, state: &'static str) -> InstanceId {
        let mut facts = self.around.facts();
        let id = InstanceId::from_random(1000 + facts.instances.len() as u128);
        let instance = Instance { account: ACCOUNT.into(), state, told: vec![], held: vec![], obeys: true };
        facts.instances.insert(id.clone(), instance);
        id
    }

    /// Changes an instance.
    pub fn change(&self, id: &InstanceId, change: impl FnOnce(&mut Instance)) {
        change(self.around.facts().instances.get_mut(id).unwrap());
    }

    /// A signed request; the XML of the answer or the refusal.
    pub async fn ask(&self, key: &str, action: &str, parameters: &[(&str, &str)]) -> Result<String, Refusal> {
        let mut form = format!("Action={action}&Version=2016-11-15");
        for (name, value) in parameters {
            form.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let response = self.running().public.clone().oneshot(signed(key, form)).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        if status == 200 {
            return Ok(text);
        }
        Err(Refusal { code: first(&text, "Code"), message: first(&text, "Message") })
    }

    /// As the administrator, expecting success.
    pub async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        match self.ask(ADMIN, action, parameters).await {
            Ok(text) => text,
            Err(refusal) => panic!("{action} {parameters:?}: {refusal:?}"),
        }
    }

    /// As the administrator, expecting a refusal; its code and words.
    pub async fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (String, String) {
        match self.ask(ADMIN, action, parameters).await {
            Ok(text) => panic!("{action} {parameters:?} was allowed: {text}"),
            Err(refusal) => (refusal.code, refusal.message),
        }
    }

    /// An internal call.
    pub async fn call<C: InternalCall>(&self, call: C) -> Result<C::Reply, api_spec::ApiError> {
        self.running().internal.call(&call).await
    }

    /// A volume that is available.
    pub async fn volume(&self, parameters: &[(&str, &str)]) -> String {
        let mut all = vec![("AvailabilityZone", "us-east-1a")];
        all.extend(parameters);
        let id = first(&self.ok("CreateVolume", &all).await, "volumeId");
        self.until("the volume is available", async || self.volume_status(&id).await == "available").await;
        id
    }

    /// The state of a volume, `gone` when there is none.
    pub async fn volume_status(&self, id: &str) -> String {
        match self.ask(ADMIN, "DescribeVolumes", &[("VolumeId.1", id)]).await {
            Ok(text) => after(&text, "</attachmentSet>", "status").unwrap_or_else(|| first(&text, "status")),
            Err(refusal) => {
                assert_eq!(refusal.code, "InvalidVolume.NotFound");
                "gone".into()
            }
        }
    }

    /// The state of a volume's attachment, `detached` when there is none.
    pub async fn attachment(&self, id: &str) -> String {
        let text = self.ok("DescribeVolumes", &[("VolumeId.1", id)]).await;
        let set = first(&text, "attachmentSet");
        if set.is_empty() { "detached".into() } else { first(&set, "status") }
    }

    /// The state of a snapshot.
    pub async fn snapshot_status(&self, id: &str) -> String {
        first(&self.ok("DescribeSnapshots", &[("SnapshotId.1", id)]).await, "status")
    }

    /// A snapshot that is completed.
    pub async fn snapshot(&self, volume: &str) -> String {
        let id = first(&self.ok("CreateSnapshot", &[("VolumeId", volume)]).await, "snapshotId");
        self.until("the snapshot is completed", async || self.snapshot_status(&id).await == "completed")
            .await;
        id
    }

    /// Waits for something.
    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let begun = std::time::Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where a volume's or a snapshot's file is.
    pub fn file(&self, id: &str) -> PathBuf {
        let folder = if id.starts_with("vol-") { "volumes" } else { "snapshots" };
        self.dir.join("volume").join(folder).join(format!("{id}.qcow2"))
    }

    /// All files of a folder.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let path = self.dir.join("volume").join(folder);
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(running) = &self.service {
            running.shutdown.begin();
        }
    }
}

/// The text of the first element of this name; empty when there is none.
pub fn first(xml: &str, name: &str) -> String {
    after(xml, "", name).unwrap_or_default()
}

fn after(xml: &str, mark: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(mark)?;
    let (_, rest) = rest.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.replace("&gt;", ">").replace("&quot;", "\""))
}

fn signed(key: &str, form: String) -> Request<Body> {
    let now = Timestamp::now();
    let (date, time) = (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
    let scope = Scope { date: date.clone(), region: "us-east-1".into(), service: "ec2".into() };
    let canonical = format!(
        "POST\n/\n\nhost:localhost\nx-amz-date:{time}\n\nhost;x-amz-date\n{}",
        sha256_hex(form.as_bytes())
    );
    let credential = format!("{date}/us-east-1/ec2/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{credential}\n{}", sha256_hex(canonical.as_bytes()));
    let signature = SigningKey::derive(&secret_of(key), &scope).sign_hex(text.as_bytes());
    Request::post("/")
        .header("host", "localhost")
        .header("x-amz-date", time)
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={key}/{credential}, SignedHeaders=host;x-amz-date, Signature={signature}"
            ),
        )
        .body(Body::from(form))
        .unwrap()
}

/// Runs qemu-img or qemu-io on a test's own file.
pub fn tool(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap()
}

/// Fills a disk's first MiB with a byte.
pub fn write_pattern(path: &std::path::Path, byte: u8) {
    tool("qemu-io", &["-f", "qcow2", "-c", &format!("write -P {byte} 0 1M"), path.to_str().unwrap()]);
}

/// Whether a disk's first MiB is filled with a byte.
pub fn has_pattern(path: &std::path::Path, byte: u8) -> bool {
    let command = format!("read -P {byte} 0 1M");
    !tool("qemu-io", &["-r", "-f", "qcow2", "-c", &command, path.to_str().unwrap()]).contains("failed")
}
