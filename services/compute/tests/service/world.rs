//! A world for each test: the real service on a directory of its own, the others faked.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api_spec::ids::SnapshotId;
use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Body;
use calls::InternalCall;
use compute::Config;
use http_body_util::BodyExt;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Peer, Peers};
use kit::{Clock, Common, Context, Random, Routes, ServiceName, Shutdown};
use tower::ServiceExt;

use crate::fakes::{ADMIN, FakeNode, FakeVolume, Person, SECRET, identity};

/// The service and what it stands on.
pub struct World {
    pub node: FakeNode,
    pub volume: FakeVolume,
    pub clock: Clock,
    pub config: Config,
    routes: Option<(kit::Handler, Router)>,
    shutdown: Shutdown,
    pub dir: tempfile::TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    /// Texts of all elements of this name, in order.
    pub fn all(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let parts = self.body.split(&open).skip(1);
        parts.map(|part| part.split(&close).next().unwrap().to_owned()).collect()
    }

    /// Text of the first element of this name.
    pub fn one(&self, element: &str) -> String {
        self.all(element).into_iter().next().unwrap_or_else(|| panic!("no {element} in {}", self.body))
    }

    /// Whether there is such an element.
    pub fn has(&self, element: &str) -> bool {
        !self.all(element).is_empty()
    }
}

impl World {
    pub async fn new() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(configure: impl FnOnce(&mut Config)) -> World {
        let mut config = Config::default();
        configure(&mut config);
        let mut world = World {
            node: FakeNode::new(),
            volume: FakeVolume::default(),
            clock: Clock::system(),
            config,
            routes: None,
            shutdown: Shutdown::default(),
            dir: tempfile::tempdir().unwrap(),
        };
        world.start().await;
        world.until_the_node_is_heard().await;
        world
    }

    /// Starts the service on its directory, as after a kill.
    pub async fn start(&mut self) {
        let peers = Peers::new(self.dir.path());
        let internal = |router| Routes { internal: router, ..Routes::default() };
        peers.bind(ServiceName::Identity, &internal(identity()));
        peers.bind(ServiceName::Node, &internal(self.node.router()));
        peers.bind(ServiceName::Volume, &internal(self.volume.router()));
        self.shutdown = Shutdown::default();
        let common = Common {
            data_dir: self.dir.path().to_owned(),
            run_dir: PathBuf::from(self.dir.path()),
            ..Common::default()
        };
        let context = Context {
            service: ServiceName::Compute,
            common: Arc::new(common),
            clock: self.clock.clone(),
            random: Random::system(),
            credentials: Credentials::new(peers.internal(ServiceName::Identity)),
            peers,
            metrics: Metrics::default(),
            shutdown: self.shutdown.clone(),
        };
        let routes = compute::start(self.config.clone(), context).await.unwrap();
        self.routes = Some((routes.public, routes.internal));
    }

    /// Stops the service without letting it finish anything but the pass it is in.
    pub async fn stop(&mut self) {
        self.shutdown.begin();
        assert!(self.shutdown.finished(Duration::from_secs(20)).await, "the reconcilers did not stop");
        self.routes = None;
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// The node is asked for what is newer only once what it said before has been taken in.
    pub async fn until_the_node_is_heard(&self) {
        eventually("all that the node said was taken in", || async { self.node.is_heard() }).await;
    }

    /// An answer to a call of another service.
    pub async fn internal<C: InternalCall>(&self, call: &C) -> C::Reply {
        let router = self.routes.as_ref().unwrap().1.clone();
        Peer::of_router(router).call(call).await.unwrap()
    }

    /// Sends a request of this person.
    pub async fn call(&self, who: Person, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let encode = |text: &str| -> String {
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            text.bytes()
                .map(|b| if safe(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect()
        };
        let mut body = format!("Action={action}&Version=2016-11-15");
        for (name, value) in parameters {
            body.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        let mut request = http::Request::post("http://ec2.test/")
            .header("host", "ec2.test")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(body.clone())
            .unwrap();
        let identity = Keys::new(who.key, SECRET, None, None, "test").into();
        let signing = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("ec2")
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.now().as_millisecond() as u64))
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let signable = SignableRequest::new(
            "POST",
            "http://ec2.test/",
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .unwrap();
        let (instructions, _) = sign(signable, &signing.into()).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let router = self.routes.as_ref().unwrap().0.clone();
        let response = router.oneshot(request.map(Body::from)).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A request of the administrator that succeeds.
    pub async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.call(ADMIN, action, parameters).await;
        assert_eq!(reply.status, 200, "{action} {parameters:?}: {}", reply.body);
        reply
    }

    /// A request of the administrator that fails with this code; gives the message.
    pub async fn fails(&self, action: &str, parameters: &[(&str, &str)], code: &str) -> String {
        let reply = self.call(ADMIN, action, parameters).await;
        assert_eq!(reply.all("Code"), [code], "{action} {parameters:?}: {}", reply.body);
        reply.one("Message")
    }

    /// A snapshot that volume knows.
    pub fn snapshot(&self, number: u128, size_gib: u32) -> String {
        let id = SnapshotId::from_random(number);
        self.volume.lock().snapshots.insert(id.clone(), size_gib);
        id.to_string()
    }

    /// An image of a snapshot of 1 GiB.
    pub async fn image(&self, name: &str) -> String {
        let snapshot = self.snapshot(1, 1);
        let parameters = [
            ("Name", name),
            ("RootDeviceName", "/dev/sda1"),
            ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
            ("BlockDeviceMapping.1.Ebs.SnapshotId", &snapshot),
        ];
        self.ok("RegisterImage", &parameters).await.one("imageId")
    }

    /// One new instance of a fresh image, with these parameters more.
    pub async fn run(&self, more: &[(&str, &str)]) -> String {
        let name = format!("image-{:x}", Random::system().u128());
        let image = self.image(&name).await;
        let mut parameters = vec![("ImageId", image.as_str()), ("MinCount", "1"), ("MaxCount", "1")];
        if !more.iter().any(|(name, _)| *name == "InstanceType") {
            parameters.push(("InstanceType", "t2.nano"));
        }
        parameters.extend_from_slice(more);
        self.ok("RunInstances", &parameters).await.one("instanceId")
    }

    /// A new instance that runs.
    pub async fn running(&self) -> String {
        let id = self.run(&[]).await;
        self.until_state(&id, "running").await;
        id
    }

    /// The description of an instance.
    pub async fn describe(&self, id: &str) -> Reply {
        self.ok("DescribeInstances", &[("InstanceId.1", id)]).await
    }

    /// The name of an instance's state.
    pub async fn state(&self, id: &str) -> String {
        self.describe(id).await.one("instanceState").split("<name>").nth(1).unwrap().replace("</name>", "")
    }

    pub async fn until_state(&self, id: &str, state: &str) {
        eventually(&format!("{id} is {state}"), || async { self.state(id).await == state }).await;
    }
}

/// Waits until something is so; fails after ten seconds.
pub async fn eventually<F, Fut>(what: &str, mut is_so: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let give_up = tokio::time::Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < give_up, "it never came to be that {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
