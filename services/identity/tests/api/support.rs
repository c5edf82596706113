//! A whole identity in a directory of its own, and clients of it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::{Body, to_bytes};
use http::Request;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::Peers;
use kit::{Clock, Common, Context, Random, Routes, ServiceName, Shutdown};
use tempfile::TempDir;
use tower::ServiceExt;

pub const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub const READ_ONLY: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

/// A document with one statement.
pub fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// Identity, running.
pub struct World {
    directory: Option<Arc<TempDir>>,
    pub common: Common,
    pub context: Context,
    pub public: kit::Handler,
}

impl World {
    pub async fn new() -> World {
        World::open(Arc::new(TempDir::new().unwrap())).await.unwrap()
    }

    /// Starts identity on what `directory` holds.
    pub async fn open(directory: Arc<TempDir>) -> Result<World, identity::Error> {
        let world = World::open_at(directory.path()).await?;
        Ok(World { directory: Some(directory), ..world })
    }

    /// Starts identity on what `path` holds; who calls it owns the directory.
    pub async fn open_at(path: &Path) -> Result<World, identity::Error> {
        World::open_with(path, Clock::system()).await
    }

    /// A world whose clock stands still, at a whole second near the present, until the test moves it.
    pub async fn with_clock() -> World {
        let directory = Arc::new(TempDir::new().unwrap());
        let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap();
        let world = World::open_with(directory.path(), Clock::manual(now)).await.unwrap();
        World { directory: Some(directory), ..world }
    }

    async fn open_with(path: &Path, clock: Clock) -> Result<World, identity::Error> {
        let common = Common { data_dir: path.join("data"), run_dir: path.join("run"), ..Common::default() };
        std::fs::create_dir_all(common.data_dir.join("identity")).unwrap();
        let peers = Peers::new(&common.run_dir);
        for service in [ServiceName::Identity, ServiceName::Object, ServiceName::Compute, ServiceName::Volume]
        {
            peers.expect(service);
        }
        let context = Context {
            service: ServiceName::Identity,
            common: Arc::new(common.clone()),
            clock,
            random: Random::system(),
            credentials: Credentials::new(peers.internal(ServiceName::Identity)),
            peers,
            metrics: Metrics::default(),
            shutdown: Shutdown::default(),
        };
        let config = identity::Config {
            account_close_wait_ms: 50,
            oidc_loopback: true,
            ..identity::Config::default()
        };
        let routes = identity::start(config, context.clone()).await?;
        // without the public door: it holds the context, and the store would never close
        let internal = Routes { internal: routes.internal, ..Routes::default() };
        context.peers.bind(ServiceName::Identity, &internal);
        context.credentials.watch(&context.shutdown);
        Ok(World { directory: None, common, context, public: routes.public })
    }

    /// Ends it and starts it again on the same directory.
    pub async fn reopen(self) -> Result<World, identity::Error> {
        let directory = self.close().await;
        World::open(directory).await
    }

    /// Ends it; what it acknowledged is in the directory.
    pub async fn close(self) -> Arc<TempDir> {
        self.context.shutdown.begin();
        assert!(self.context.shutdown.finished(Duration::from_secs(10)).await);
        self.directory.expect("it was opened with its directory")
    }

    /// The administrator that the first start made.
    pub fn admin(&self) -> Client {
        let admin = identity::admin_credentials(&self.common).unwrap();
        self.client(&admin.access_key_id, &admin.secret_access_key)
    }

    pub fn account(&self) -> String {
        identity::admin_credentials(&self.common).unwrap().account_id
    }

    pub fn client(&self, access_key_id: &str, secret: &str) -> Client {
        Client {
            router: self.public.clone(),
            access_key_id: access_key_id.to_owned(),
            secret: secret.to_owned(),
            session_token: None,
            signed_at: None,
            clock: self.context.clock.clone(),
        }
    }

    /// Makes a user with an access key and no permissions.
    pub async fn user(&self, name: &str) -> Client {
        let admin = self.admin();
        admin.ok("CreateUser", &[("UserName", name)]).await;
        let key = admin.ok("CreateAccessKey", &[("UserName", name)]).await;
        self.client(&key.field("AccessKeyId"), &key.field("SecretAccessKey"))
    }

    /// Makes a call of another service, or of the operator.
    pub async fn internal<C: calls::InternalCall>(&self, call: &C) -> Result<C::Reply, api_spec::ApiError> {
        self.context.peers.internal(ServiceName::Identity).call(call).await
    }

    /// The version of the state.
    pub async fn version(&self) -> u64 {
        let peer = self.context.peers.internal(ServiceName::Identity);
        peer.call(&calls::identity::WatchCredentials { since: 0 }).await.unwrap().version
    }
}

/// Somebody with an access key.
#[derive(Clone)]
pub struct Client {
    pub router: kit::Handler,
    pub access_key_id: String,
    pub secret: String,
    pub session_token: Option<String>,
    pub clock: Clock,
    /// The client's clock, when it is not right.
    pub signed_at: Option<SystemTime>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    /// The text of the first element of this name.
    pub fn field(&self, name: &str) -> String {
        self.fields(name).into_iter().next().unwrap_or_else(|| panic!("no <{name}> in {}", self.body))
    }

    /// The texts of all elements of this name.
    pub fn fields(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let after = self.body.split(&open).skip(1);
        after.map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
    }

    /// Code and message of an error.
    pub fn error(&self) -> (String, String) {
        assert_ne!(self.status, 200, "{}", self.body);
        let message = self.field("Message").replace("&apos;", "'").replace("&quot;", "\"");
        (self.field("Code"), message.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'"))
    }
}

impl Client {
    /// A signed request; `tamper` may change it afterwards.
    pub fn request(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> Request<Vec<u8>> {
        let version = if service == "sts" { "2011-06-15" } else { "2010-05-08" };
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.push_str(&format!("&{name}={}", encoded(value)));
        }
        let mut request = Request::post("http://iam.test/")
            .header("host", "iam.test")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(body.into_bytes())
            .unwrap();
        self.sign(service, &mut request);
        let (mut parts, body) = request.into_parts();
        // what a server sees is the path alone
        parts.uri = "/".parse().unwrap();
        Request::from_parts(parts, body)
    }

    pub fn sign(&self, service: &str, request: &mut Request<Vec<u8>>) {
        let token = self.session_token.clone();
        let identity = AwsCredentials::new(&self.access_key_id, &self.secret, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name(service)
            .time(self.signed_at.unwrap_or_else(|| at(self.clock.now())))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let signable = SignableRequest::new(
            "POST",
            request.uri().to_string(),
            headers.into_iter(),
            SignableBody::Bytes(request.body()),
        )
        .unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(request);
    }

    pub async fn send(&self, request: Request<Vec<u8>>) -> Reply {
        let response = self.router.clone().oneshot(request.map(Body::from)).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Reply { status, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// An IAM action.
    pub async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(self.request("iam", action, parameters)).await
    }

    /// An IAM action that must succeed.
    pub async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.call(action, parameters).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
        assert!(reply.body.contains(&format!("<{action}Response xmlns=")), "{}", reply.body);
        reply
    }

    /// An IAM action that must fail with this code and message.
    pub async fn fails(&self, action: &str, parameters: &[(&str, &str)], code: &str, message: &str) {
        let reply = self.call(action, parameters).await;
        assert_eq!(reply.error(), (code.to_owned(), message.to_owned()), "{action} {parameters:?}");
    }

    /// An IAM action that must fail with this code.
    pub async fn refused(&self, action: &str, parameters: &[(&str, &str)], code: &str) -> String {
        let (got, message) = self.call(action, parameters).await.error();
        assert_eq!(got, code, "{action} {parameters:?}: {message}");
        message
    }

    /// An STS action.
    pub async fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(self.request("sts", action, parameters)).await
    }

    /// A request to STS that nobody signed.
    pub fn unsigned(&self, action: &str, parameters: &[(&str, &str)]) -> Request<Vec<u8>> {
        let mut request = self.request("sts", action, parameters);
        request.headers_mut().remove("authorization");
        request.headers_mut().insert("x-murus-api", "sts".parse().unwrap());
        request
    }

    /// Code and message of an STS action that must fail.
    pub async fn sts_fails(&self, action: &str, parameters: &[(&str, &str)]) -> (String, String) {
        self.sts(action, parameters).await.error()
    }

    /// The same client with the credentials of the session that this STS action gives it.
    pub async fn session(&self, action: &str, parameters: &[(&str, &str)]) -> Client {
        let reply = self.sts(action, parameters).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
        self.with_session(&reply)
    }

    /// The same client with the temporary credentials in this reply.
    pub fn with_session(&self, reply: &Reply) -> Client {
        Client {
            access_key_id: reply.field("AccessKeyId"),
            secret: reply.field("SecretAccessKey"),
            session_token: Some(reply.field("SessionToken")),
            ..self.clone()
        }
    }

    /// STS's GetCallerIdentity.
    pub async fn who_am_i(&self) -> Reply {
        self.send(self.request("sts", "GetCallerIdentity", &[])).await
    }
}

/// Waits until `probe` is true, at most ten seconds.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut probe: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !probe().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn at(now: jiff::Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_millisecond().try_into().unwrap())
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
