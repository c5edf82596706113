//! OpenID Connect providers, and roles assumed with tokens of a real issuer: one that this file runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Router, extract};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::SignedDuration;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use tokio::sync::Notify;

use crate::support::{Client, Reply, World, eventually};

const ANY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// An issuer on a port of its own.
struct Issuer {
    pair: EcdsaKeyPair,
    served: Arc<Served>,
    name: String,
}

struct Served {
    issuer: String,
    keys: Mutex<String>,
    /// How often the keys were fetched, or tried to be.
    fetches: AtomicUsize,
    state: Mutex<State>,
    /// Lets those go that wait for keys.
    go: Notify,
}

/// How the issuer answers who asks for its keys.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Well,
    Failing,
    Hanging,
}

/// A key set of one key.
fn key_set(kid: &str, pair: &EcdsaKeyPair) -> String {
    let point = pair.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"{kid}","use":"sig","x":"{x}","y":"{y}"}}]}}"#)
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

impl Served {
    async fn keys(&self) -> Result<String, StatusCode> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let state = *self.state.lock().unwrap();
        match state {
            State::Well => {}
            State::Failing => return Err(StatusCode::SERVICE_UNAVAILABLE),
            State::Hanging => self.go.notified().await,
        }
        Ok(self.keys.lock().unwrap().clone())
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

impl Issuer {
    async fn start() -> Issuer {
        let pair = pair();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("{}/realm", listener.local_addr().unwrap());
        let issuer = format!("http://{name}");
        let served = Arc::new(Served {
            issuer,
            keys: Mutex::new(key_set("one", &pair)),
            fetches: AtomicUsize::new(0),
            state: Mutex::new(State::Well),
            go: Notify::new(),
        });
        let router = Router::new()
            .route(
                "/realm/.well-known/openid-configuration",
                get(|extract::State(served): extract::State<Arc<Served>>| async move {
                    format!(r#"{{"issuer":"{0}","jwks_uri":"{0}/keys"}}"#, served.issuer)
                }),
            )
            .route(
                "/realm/keys",
                get(|extract::State(served): extract::State<Arc<Served>>| async move { served.keys().await }),
            )
            .with_state(Arc::clone(&served));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Issuer { pair, served, name }
    }

    fn token(&self, claims: &str) -> String {
        self.signed(r#"{"alg":"ES256","kid":"one","typ":"JWT"}"#, claims)
    }

    fn signed(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let tag = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

struct Cast {
    world: World,
    admin: Client,
    issuer: Issuer,
    provider: String,
    role: String,
}

/// A world that has registered the issuer for the audience `app`, and a role for the issuer's `alice`.
async fn cast() -> Cast {
    let (world, issuer) = (World::with_clock().await, Issuer::start().await);
    let admin = world.admin();
    let url = [("Url", issuer.served.issuer.as_str()), ("ClientIDList.member.1", "app")];
    let provider = admin.ok("CreateOpenIDConnectProvider", &url).await.field("OpenIDConnectProviderArn");
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},
            "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
            "Condition":{{"StringEquals":{{"{0}:aud":"app","{0}:sub":"alice@home"}}}}}}]}}"#,
        issuer.name
    );
    let made = [("RoleName", "r"), ("AssumeRolePolicyDocument", trust.as_str())];
    let role = admin.ok("CreateRole", &made).await.field("Arn");
    let given = [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", ANY)];
    admin.ok("PutRolePolicy", &given).await;
    Cast { world, admin, issuer, provider, role }
}

impl Cast {
    /// The claims of a good token, with `more` at their end.
    fn claims(&self, subject: &str, more: &str) -> String {
        let now = self.world.context.clock.now().as_second();
        format!(
            r#"{{"iss":"{}","sub":"{subject}","aud":"app","iat":{now},"exp":{}{more}}}"#,
            self.issuer.served.issuer,
            now + 600
        )
    }

    async fn assume(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let mut parameters =
            vec![("RoleArn", self.role.as_str()), ("RoleSessionName", "work"), ("WebIdentityToken", token)];
        parameters.extend_from_slice(more);
        self.admin.send(self.admin.unsigned("AssumeRoleWithWebIdentity", &parameters)).await
    }

    async fn code(&self, token: &str) -> String {
        self.assume(token, &[]).await.error().0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_registered_issuer_becomes_the_role() {
    let cast = cast().await;
    let token = cast.issuer.token(&cast.claims("alice@home", ""));
    let reply = cast.assume(&token, &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.field("SubjectFromWebIdentityToken"), "alice@home");
    assert_eq!(reply.field("Provider"), cast.issuer.served.issuer);
    assert_eq!(reply.field("Audience"), "app");
    let session = cast.admin.with_session(&reply);
    let account = cast.world.account();
    assert_eq!(session.who_am_i().await.field("Arn"), format!("arn:aws:sts::{account}:assumed-role/r/work"));
    session.ok("ListUsers", &[]).await;

    // the session knows where it comes from
    let only = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":
            {{"StringEquals":{{"aws:FederatedProvider":"{}","{}:sub":"alice@home"}}}}}}]}}"#,
        cast.provider, cast.issuer.name
    );
    cast.admin
        .ok("PutRolePolicy", &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", &only)])
        .await;
    session.ok("ListUsers", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_once_and_a_new_one_not_more_often_than_seldom() {
    let cast = cast().await;
    let token = cast.issuer.token(&cast.claims("alice@home", ""));
    for _ in 0..3 {
        assert_eq!(cast.assume(&token, &[]).await.status, 200);
    }
    assert_eq!(cast.issuer.served.fetches(), 1);
    let unknown = cast.issuer.signed(r#"{"alg":"ES256","kid":"two"}"#, &cast.claims("alice@home", ""));
    for _ in 0..3 {
        assert_eq!(cast.code(&unknown).await, "InvalidIdentityToken");
    }
    assert_eq!(cast.issuer.served.fetches(), 1);
    cast.world.context.clock.advance(SignedDuration::from_secs(11));
    assert_eq!(cast.code(&unknown).await, "InvalidIdentityToken");
    assert_eq!(cast.issuer.served.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_fails_takes_no_key_away_that_is_still_good() {
    let cast = cast().await;
    let good = |cast: &Cast| cast.issuer.token(&cast.claims("alice@home", ""));
    assert_eq!(cast.assume(&good(&cast), &[]).await.status, 200);
    *cast.issuer.served.state.lock().unwrap() = State::Failing;
    cast.world.context.clock.advance(SignedDuration::from_secs(11));
    // a stranger's token of a key that nobody has makes it ask, and fail
    let unknown = cast.issuer.signed(r#"{"alg":"ES256","kid":"two"}"#, &cast.claims("alice@home", ""));
    assert_eq!(cast.code(&unknown).await, "IDPCommunicationError");
    assert_eq!(cast.issuer.served.fetches(), 2);
    assert_eq!(cast.assume(&good(&cast), &[]).await.status, 200);
    // and so it is when its hour is over, for a day
    for hours in [1, 22] {
        cast.world.context.clock.advance(SignedDuration::from_hours(hours));
        assert_eq!(cast.assume(&good(&cast), &[]).await.status, 200);
    }
    cast.world.context.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(cast.code(&good(&cast)).await, "IDPCommunicationError");
    *cast.issuer.served.state.lock().unwrap() = State::Well;
    cast.world.context.clock.advance(SignedDuration::from_secs(11));
    assert_eq!(cast.assume(&good(&cast), &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_took_anothers_place_is_found_and_the_other_is_good_no_more() {
    let mut cast = cast().await;
    let old = cast.issuer.token(&cast.claims("alice@home", ""));
    assert_eq!(cast.assume(&old, &[]).await.status, 200);
    cast.issuer.pair = pair();
    *cast.issuer.served.keys.lock().unwrap() = key_set("two", &cast.issuer.pair);
    cast.world.context.clock.advance(SignedDuration::from_secs(11));
    let new = cast.issuer.signed(r#"{"alg":"ES256","kid":"two"}"#, &cast.claims("alice@home", ""));
    assert_eq!(cast.assume(&new, &[]).await.status, 200);
    assert_eq!(cast.code(&old).await, "InvalidIdentityToken");
    // a name that is known again means the key that has it now
    let forged = cast.issuer.token(&cast.claims("alice@home", ""));
    assert_eq!(cast.code(&forged).await, "InvalidIdentityToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_with_a_known_key_waits_for_an_issuer_that_hangs() {
    let cast = Arc::new(cast().await);
    let good = cast.issuer.token(&cast.claims("alice@home", ""));
    assert_eq!(cast.assume(&good, &[]).await.status, 200);
    *cast.issuer.served.state.lock().unwrap() = State::Hanging;
    cast.world.context.clock.advance(SignedDuration::from_secs(11));
    let unknown = cast.issuer.signed(r#"{"alg":"ES256","kid":"two"}"#, &cast.claims("alice@home", ""));
    let asking = tokio::spawn({
        let cast = Arc::clone(&cast);
        async move { cast.code(&unknown).await }
    });
    eventually("the issuer is asked", || async { cast.issuer.served.fetches() == 2 }).await;
    assert_eq!(cast.assume(&good, &[]).await.status, 200);
    assert!(!asking.is_finished());
    cast.issuer.served.go.notify_one();
    assert_eq!(asking.await.unwrap(), "InvalidIdentityToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_prove_nothing_are_refused_each_in_its_own_way() {
    let cast = cast().await;
    let (good, other) = (cast.claims("alice@home", ""), Issuer::start().await);
    let refused = |body: String| cast.issuer.token(&body);
    assert_eq!(cast.code("not a token").await, "InvalidIdentityToken");
    assert_eq!(cast.code(&other.token(&good)).await, "InvalidIdentityToken", "signed by another");
    assert_eq!(cast.code(&cast.issuer.signed(r#"{"alg":"none"}"#, &good)).await, "InvalidIdentityToken");
    assert_eq!(cast.code(&refused(good.replace("app", "other"))).await, "InvalidIdentityToken");
    let message =
        cast.assume(&other.token(&good.replace(&cast.issuer.name, &other.name)), &[]).await.error().1;
    assert!(
        message.starts_with("No OpenIDConnect provider found in your account for http://127"),
        "{message}"
    );
    // a subject that the trust policy does not name
    let (code, message) = cast.assume(&refused(cast.claims("bob@home", "")), &[]).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    );
    let early = cast.claims("alice@home", r#","nbf":99999999999"#);
    assert_eq!(cast.code(&refused(early)).await, "IDPRejectedClaim");
    cast.world.context.clock.advance(SignedDuration::from_secs(600));
    assert_eq!(cast.code(&refused(good)).await, "ExpiredTokenException");
    assert_eq!(cast.code("x").await, "ValidationError");
    assert_eq!(cast.code(&"x".repeat(20_001)).await, "ValidationError");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_there_is_refused_as_one_that_does_not_trust() {
    let mut cast = cast().await;
    cast.role.push('s');
    let reply = cast.assume(&cast.issuer.token(&cast.claims("alice@home", "")), &[]).await;
    let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity".to_owned();
    assert_eq!(reply.error(), ("AccessDenied".into(), message));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_does_not_answer_is_a_communication_error() {
    let cast = cast().await;
    let token = |issuer: &str| {
        cast.issuer.token(&cast.claims("alice@home", "").replace(&cast.issuer.served.issuer, issuer))
    };
    // nobody listens there; a document of another issuer; no document at all
    let nobody = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let host = cast.issuer.name.trim_end_matches("/realm");
    for url in [format!("http://{nobody}"), format!("http://{host}/realm/"), format!("http://{host}")] {
        let given = [("Url", url.as_str()), ("ClientIDList.member.1", "app")];
        cast.admin.ok("CreateOpenIDConnectProvider", &given).await;
        assert_eq!(cast.code(&token(&url)).await, "IDPCommunicationError", "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_tags_the_session() {
    let cast = cast().await;
    let more = r#","https://aws.amazon.com/tags":{"principal_tags":{"team":["red"]}}"#;
    let mine = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}]}"#;
    cast.admin.ok("PutRolePolicy", &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", mine)]).await;
    let red = cast.assume(&cast.issuer.token(&cast.claims("alice@home", more)), &[]).await;
    cast.admin.with_session(&red).ok("ListUsers", &[]).await;
    let plain = cast.assume(&cast.issuer.token(&cast.claims("alice@home", "")), &[]).await;
    cast.admin.with_session(&plain).refused("ListUsers", &[], "AccessDenied").await;
    // the trust policy does not let it say who is behind the session
    let who = r#","https://aws.amazon.com/source_identity":"al""#;
    assert_eq!(cast.code(&cast.issuer.token(&cast.claims("alice@home", who))).await, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_are_made_shown_listed_changed_and_deleted() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let thumbprint = "A".repeat(40);
    let given = [
        ("Url", "https://id.example.org/realm"),
        ("ClientIDList.member.1", "app"),
        ("ThumbprintList.member.1", &thumbprint),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "red"),
    ];
    let arn = admin.ok("CreateOpenIDConnectProvider", &given).await.field("OpenIDConnectProviderArn");
    assert_eq!(arn, format!("arn:aws:iam::{account}:oidc-provider/id.example.org/realm"));
    admin
        .fails(
            "CreateOpenIDConnectProvider",
            &given,
            "EntityAlreadyExists",
            "Provider with url https://id.example.org/realm already exists.",
        )
        .await;
    let this = ("OpenIDConnectProviderArn", arn.as_str());
    let shown = admin.ok("GetOpenIDConnectProvider", &[this]).await;
    assert_eq!(shown.field("Url"), "id.example.org/realm");
    assert_eq!(shown.fields("member").len(), 3);
    assert!(shown.body.contains(&"a".repeat(40)));
    assert_eq!(admin.ok("ListOpenIDConnectProviders", &[]).await.fields("Arn"), std::slice::from_ref(&arn));

    let print = "b".repeat(40);
    admin.ok("UpdateOpenIDConnectProviderThumbprint", &[this, ("ThumbprintList.member.1", &print)]).await;
    for _ in 0..2 {
        admin.ok("AddClientIDToOpenIDConnectProvider", &[this, ("ClientID", "second")]).await;
    }
    admin.ok("RemoveClientIDFromOpenIDConnectProvider", &[this, ("ClientID", "app")]).await;
    admin.ok("RemoveClientIDFromOpenIDConnectProvider", &[this, ("ClientID", "never")]).await;
    admin
        .ok(
            "TagOpenIDConnectProvider",
            &[this, ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "blue")],
        )
        .await;
    let shown = admin.ok("GetOpenIDConnectProvider", &[this]).await;
    assert!(shown.body.contains(&print) && shown.body.contains("<member>second</member>"));
    assert!(!shown.body.contains("<member>app</member>"));
    assert_eq!(admin.ok("ListOpenIDConnectProviderTags", &[this]).await.fields("Value"), ["blue"]);
    admin.ok("UntagOpenIDConnectProvider", &[this, ("TagKeys.member.1", "team")]).await;
    assert!(admin.ok("ListOpenIDConnectProviderTags", &[this]).await.fields("Value").is_empty());

    admin.ok("DeleteOpenIDConnectProvider", &[this]).await;
    let gone = format!("OpenIDConnect Provider not found for arn {arn}");
    admin.fails("GetOpenIDConnectProvider", &[this], "NoSuchEntity", &gone).await;
    admin.fails("DeleteOpenIDConnectProvider", &[this], "NoSuchEntity", &gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_providers_are_refused_and_change_nothing() {
    let world = World::new().await;
    let (admin, version) = (world.admin(), world.version().await);
    for url in ["https://", "ftp://x", "id.example.org", "https://a/?q", "https://u@a"] {
        admin.refused("CreateOpenIDConnectProvider", &[("Url", url)], "ValidationError").await;
    }
    let url = ("Url", "https://id.example.org");
    let short = [url, ("ThumbprintList.member.1", "abc")];
    admin.refused("CreateOpenIDConnectProvider", &short, "ValidationError").await;
    let odd = "z".repeat(40);
    admin
        .refused("CreateOpenIDConnectProvider", &[url, ("ThumbprintList.member.1", &odd)], "InvalidInput")
        .await;
    let bad = [("OpenIDConnectProviderArn", "arn:aws:iam::123456789012:role/abc")];
    admin.refused("GetOpenIDConnectProvider", &bad, "InvalidInput").await;
    let foreign = [("OpenIDConnectProviderArn", "arn:aws:iam::999999999999:oidc-provider/id.example.org")];
    admin.refused("GetOpenIDConnectProvider", &foreign, "AccessDenied").await;
    assert_eq!(world.version().await, version);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_requests_for_anything_else_are_refused() {
    let world = World::new().await;
    let admin = world.admin();
    let code = async |action: &str| admin.send(admin.unsigned(action, &[])).await.error().0;
    for action in ["GetCallerIdentity", "AssumeRole", "GetSessionToken", "NoSuchAction"] {
        assert_eq!(code(action).await, "MissingAuthenticationToken", "{action}");
    }
    assert_eq!(code("AssumeRoleWithSAML").await, "InvalidAction", "what is not offered says so");
    assert_eq!(code("AssumeRoleWithWebIdentity").await, "ValidationError");
}
