//! The one dispatcher of the query and JSON protocols (EC2, IAM, STS, KMS): decode, authenticate, authorize, handle,
//! encode.
//!
//! An action is a type of `api-spec`; a service offers it by implementing [`Serve`] for it, which makes it say what
//! it accesses before it can handle anything. There is no other way to a handler.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use api_spec::constraints::{self, Given};
use api_spec::protocol::query::{self, DecodeError, Node};
use api_spec::protocol::xml::{self, Lists};
use api_spec::shape::{self, Shape};
use api_spec::{ApiError, Empty, ErrorCode, Operation, Protocol, Service};
use auth::policy::Decision;
use auth::sigv4::{self, RequestParts};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header, request};
use axum::response::Response;
use tokio::sync::oneshot;

use crate::audit;
use crate::authorize::{Access, Refused, authorize};
use crate::caller::{Caller, authenticate, unsigned};
use crate::context::Context;
use crate::explain;
use crate::http::{self, MAX_QUERY_BODY, read_body};
use crate::json;
use crate::request::Origin;

/// How a service answers one action.
pub trait Serve<Op: Operation>: Send + Sync + 'static {
    /// What the operation will do, for the policies to decide on. May read the store for tags and owners. Never empty.
    fn access(&self, op: &Op, caller: &Caller) -> impl Future<Output = Result<Vec<Access>, ApiError>> + Send;

    /// Does it. Runs only when every access was allowed.
    fn handle(&self, op: Op, caller: &Caller) -> impl Future<Output = Result<Op::Output, ApiError>> + Send;
}

/// The wire shapes of an offered action, for the contract test.
#[derive(Debug, serde::Serialize)]
pub struct OperationShape {
    /// `ec2`, `iam`, `sts`.
    pub service: &'static str,
    /// Action name.
    pub operation: &'static str,
    /// What it takes.
    pub input: Shape,
    /// What it answers.
    pub output: Shape,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send + 'a>>;

/// An action behind its name.
trait Offered<S>: Send + Sync {
    fn run<'a>(&'a self, service: &'a S, exchange: &'a mut Exchange<'_>) -> Answer<'a>;
    fn shape(&self) -> Result<OperationShape, String>;
}

/// One request on its way through the dispatcher.
struct Exchange<'c> {
    context: &'c Context,
    caller: Caller,
    parameters: Parameters,
    dry_run: bool,
    decision: Option<Decision>,
    resources: Vec<audit::Resource>,
}

/// A request that was answered, for the trail.
struct Done {
    decision: Option<Decision>,
    resources: Vec<audit::Resource>,
    result: Result<String, ApiError>,
}

/// What a request brings, before its action is known to fit.
enum Parameters {
    /// Of a query.
    Query(Node),
    /// The text of a JSON body.
    Json(Bytes),
}

impl Parameters {
    fn for_the_trail(&self) -> serde_json::Value {
        match self {
            Parameters::Query(tree) => audit::of_query(tree),
            Parameters::Json(body) => audit::of_json(body),
        }
    }

    /// What AWS's model asks of each member comes first, as it does there.
    fn decode<Op: Operation>(&self) -> Result<Op, ApiError> {
        let check = |given: &Given<'_>| constraints::check(Op::SERVICE, Op::NAME, given);
        match self {
            Parameters::Query(tree) => {
                check(&Given::Query(tree))?;
                tree.decode().map_err(|error| undecodable(Op::SERVICE, error))
            }
            Parameters::Json(body) => {
                if let Ok(value) = serde_json::from_slice(body) {
                    check(&Given::Json(&value))?;
                }
                json::decode(body)
            }
        }
    }
}

/// A query that is not the request that it names, in the words of the service.
fn undecodable(service: Service, error: DecodeError) -> ApiError {
    match (service, error) {
        (Service::Iam | Service::Sts, DecodeError::Missing(name)) => constraints::missing(&name),
        (_, error) => error.into(),
    }
}

struct Action<Op>(std::marker::PhantomData<fn() -> Op>);

impl<Op: Operation, S: Serve<Op>> Offered<S> for Action<Op> {
    fn run<'a>(&'a self, service: &'a S, exchange: &'a mut Exchange<'_>) -> Answer<'a> {
        Box::pin(async move {
            let op: Op = exchange.parameters.decode()?;
            let accesses = service.access(&op, &exchange.caller).await?;
            exchange.allow(Op::SERVICE, &accesses).await?;
            if exchange.dry_run {
                return Err(ApiError::new(
                    ErrorCode::DryRunOperation,
                    "Request would have succeeded, but DryRun flag is set.",
                ));
            }
            let output = service.handle(op, &exchange.caller).await?;
            encode::<Op>(&output, &exchange.caller.origin.request_id)
        })
    }

    fn shape(&self) -> Result<OperationShape, String> {
        Ok(OperationShape {
            service: Op::SERVICE.name(),
            operation: Op::NAME,
            input: shape::of::<Op>().map_err(|why| format!("{}: {why}", Op::NAME))?,
            output: shape::of::<Op::Output>().map_err(|why| format!("{}: {why}", Op::NAME))?,
        })
    }
}

impl Exchange<'_> {
    async fn allow(&mut self, service: Service, accesses: &[Access]) -> Result<(), ApiError> {
        self.resources = resources(accesses);
        match authorize(self.context, &self.caller, accesses).await {
            Ok(decisions) => {
                self.decision = decisions.into_iter().next();
                Ok(())
            }
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Denied(denied)) => {
                let mut message = denied.message.clone();
                if service == Service::Ec2
                    && let Some(encoded) = explain::encoded(self.context, &self.caller, &denied).await
                {
                    message.push_str(&format!(". {encoded}"));
                }
                self.decision = Some(denied.decision);
                Err(refusal(service, &message))
            }
        }
    }
}

/// What a request is about, each thing once.
fn resources(accesses: &[Access]) -> Vec<audit::Resource> {
    let mut resources: Vec<audit::Resource> = Vec::new();
    for access in accesses.iter().filter(|access| access.resource != "*") {
        if !resources.iter().any(|one| one.arn == access.resource) {
            let owner = access.resource_policy.as_ref().map(|own| own.account_id.clone());
            let of_arn = || access.resource.split(':').nth(4).filter(|id| !id.is_empty()).map(str::to_owned);
            resources
                .push(audit::Resource { arn: access.resource.clone(), account_id: owner.or_else(of_arn) });
        }
    }
    resources
}

/// A denial in the words of the service.
fn refusal(service: Service, message: &str) -> ApiError {
    match service {
        Service::Ec2 => ApiError::new(
            ErrorCode::UnauthorizedOperation,
            format!("You are not authorized to perform this operation. {message}"),
        ),
        Service::Iam | Service::Sts | Service::S3 | Service::Kms => {
            ApiError::new(ErrorCode::AccessDenied, message)
        }
    }
}

fn encode<Op: Operation>(output: &Op::Output, request_id: &str) -> Result<String, ApiError> {
    if Op::SERVICE.protocol() == Protocol::Json {
        return json::encode(output);
    }
    let root = format!("{}Response", Op::NAME);
    let mut body = String::with_capacity(1024);
    body.push_str(xml::DECLARATION);
    body.push_str(&format!("\n<{root} xmlns=\"{}\">", Op::SERVICE.xmlns()));
    match Op::SERVICE {
        Service::Ec2 => {
            body.push_str(&format!("<requestId>{request_id}</requestId>"));
            let mut fields = String::new();
            xml::element(&mut fields, "x", output, Lists::Item).map_err(ApiError::internal)?;
            body.push_str(fields.strip_prefix("<x>").and_then(|f| f.strip_suffix("</x>")).unwrap_or(""));
        }
        Service::Iam | Service::Sts | Service::S3 | Service::Kms => {
            // an action without output has no result element; one whose output has no members has an empty one
            if TypeId::of::<Op::Output>() != TypeId::of::<Empty>() {
                let result = format!("{}Result", Op::NAME);
                xml::element(&mut body, &result, output, Lists::Member).map_err(ApiError::internal)?;
            }
            body.push_str(&format!(
                "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
            ));
        }
    }
    body.push_str(&format!("</{root}>"));
    Ok(body)
}

/// The actions of one API that a service offers.
pub struct Actions<S> {
    api: Service,
    by_name: HashMap<&'static str, Box<dyn Offered<S>>>,
    unsigned: HashSet<&'static str>,
}

impl<S: Send + Sync + 'static> Actions<S> {
    /// None yet.
    pub fn of(api: Service) -> Self {
        Actions { api, by_name: HashMap::new(), unsigned: HashSet::new() }
    }

    /// Offers an action.
    #[must_use]
    pub fn offer<Op: Operation>(mut self) -> Self
    where
        S: Serve<Op>,
    {
        debug_assert_eq!(Op::SERVICE, self.api, "{} belongs to another API", Op::NAME);
        self.by_name.insert(Op::NAME, Box::new(Action::<Op>(std::marker::PhantomData)));
        self
    }

    /// Offers an action that clients do not sign. Its accesses are decided on as those of any other: it must say in
    /// whose name they are, for nobody is allowed anything.
    #[must_use]
    pub fn offer_unsigned<Op: Operation>(mut self) -> Self
    where
        S: Serve<Op>,
    {
        self.unsigned.insert(Op::NAME);
        self.offer::<Op>()
    }

    /// Names an action that clients do not sign and that is not offered: that is what they hear, and not that they
    /// should sign it.
    #[must_use]
    pub fn not_offered_unsigned(mut self, name: &'static str) -> Self {
        self.unsigned.insert(name);
        self
    }

    /// The wire shapes of everything offered, by name.
    pub fn shapes(&self) -> Result<Vec<OperationShape>, String> {
        let mut shapes: Vec<_> =
            self.by_name.values().map(|action| action.shape()).collect::<Result<_, _>>()?;
        shapes.sort_by_key(|shape| shape.operation);
        Ok(shapes)
    }
}

/// Answers requests for the actions of one API.
pub struct Dispatcher<S> {
    context: Context,
    service: Arc<S>,
    api: Service,
    actions: HashMap<&'static str, Box<dyn Offered<S>>>,
    unsigned: HashSet<&'static str>,
}

impl<S: Send + Sync + 'static> Dispatcher<S> {
    /// A dispatcher that has `service` answer `actions`.
    pub fn new(context: Context, service: Arc<S>, actions: Actions<S>) -> Arc<Self> {
        let Actions { api, by_name: actions, unsigned } = actions;
        Arc::new(Dispatcher { context, service, api, actions, unsigned })
    }

    /// Answers every request that reaches it.
    pub fn into_router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: Request| {
            let this = Arc::clone(&self);
            async move { this.answer(request).await }
        })
    }

    /// Answers one request. Once its body is read it is carried out and recorded, whether its client waits or not.
    pub async fn answer(self: &Arc<Self>, request: Request) -> Response {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let origin = Arc::new(Origin::take(&mut parts));
        let request_id = origin.request_id.clone();
        let (action, result) = match read_body(body, MAX_QUERY_BODY).await {
            Ok(body) => {
                let (tell, told) = oneshot::channel();
                let this = Arc::clone(self);
                // nobody may be there to be told
                let whole = async move { drop(tell.send(this.exchange(parts, body, origin).await)) };
                self.context.shutdown.spawn(whole);
                told.await.unwrap_or_else(|error| ("-".to_owned(), Err(ApiError::internal(error))))
            }
            Err(error) => ("-".to_owned(), Err(error)),
        };
        let code = result.as_ref().map_or_else(|error| error.code.as_str(), |_| "ok");
        // an action we do not know is the caller's text and would make metrics without end
        let known = self.actions.get_key_value(action.as_str()).map_or("unknown", |(name, _)| name);
        self.context.metrics.request(self.api.name(), known, code, started.elapsed());
        match result {
            Ok(body) => http::document(self.api, 200, body, &request_id),
            Err(error) => http::error(self.api, &error, &request_id, ""),
        }
    }

    async fn exchange(
        &self,
        parts: request::Parts,
        body: Bytes,
        origin: Arc<Origin>,
    ) -> (String, Result<String, ApiError>) {
        let (action, parameters) = match self.understood(&parts, &body) {
            Ok(understood) => understood,
            Err(error) => return ("-".to_owned(), Err(error)),
        };
        let caller = match self.authenticated(&action, &parts, &body, origin.clone()).await {
            Ok(caller) => caller,
            Err(error) => {
                // what nobody has signed is not kept: a stranger could fill the disk with it
                let given = serde_json::Value::Null;
                let done = Done { decision: None, resources: Vec::new(), result: Err(error) };
                return (action.clone(), self.audited(&action, &origin, None, given, done));
            }
        };
        let given = parameters.for_the_trail();
        let done = self.run(&action, parameters, caller.clone()).await;
        let result = self.audited(&action, &origin, Some(&caller), given, done);
        (action, result)
    }

    /// Writes the record of a request; gives its result.
    fn audited(
        &self,
        action: &str,
        origin: &Origin,
        caller: Option<&Caller>,
        given: serde_json::Value,
        done: Done,
    ) -> Result<String, ApiError> {
        audit::write(&audit::Record {
            service: self.api,
            name: action,
            action: &format!("{}:{action}", self.api.name()),
            origin,
            caller,
            at: self.context.clock.now(),
            region: &self.context.common.region,
            parameters: Some(given).filter(|given| given.as_object().is_some_and(|all| !all.is_empty())),
            resources: &done.resources,
            decision: done.decision.as_ref(),
            outcome: done.result.as_ref().map(|_| ()),
        });
        done.result
    }

    /// The action and what it is given.
    fn understood(&self, parts: &request::Parts, body: &Bytes) -> Result<(String, Parameters), ApiError> {
        if let Some(prefix) = self.api.target_prefix() {
            return Ok((json::action(parts, prefix)?, Parameters::Json(body.clone())));
        }
        let mut tree = parameters(parts, body)?;
        let action = tree.take("Action").unwrap_or_default();
        tree.take("Version");
        Ok((action, Parameters::Query(tree)))
    }

    async fn run(&self, action: &str, mut parameters: Parameters, caller: Caller) -> Done {
        let nothing = |error| Done { decision: None, resources: Vec::new(), result: Err(error) };
        let Some(offered) = self.actions.get(action) else { return nothing(not_offered(action)) };
        let dry_run = match dry_run(self.api, &mut parameters) {
            Ok(dry_run) => dry_run,
            Err(error) => return nothing(error),
        };
        let context = &self.context;
        let mut exchange =
            Exchange { context, caller, parameters, dry_run, decision: None, resources: Vec::new() };
        let result = offered.run(&self.service, &mut exchange).await;
        Done { decision: exchange.decision, resources: exchange.resources, result }
    }

    async fn authenticated(
        &self,
        action: &str,
        parts: &request::Parts,
        body: &Bytes,
        origin: Arc<Origin>,
    ) -> Result<Caller, ApiError> {
        let headers = borrowed(&parts.headers);
        let request = RequestParts {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or(""),
            headers: &headers,
        };
        let caller =
            authenticate(&self.context, self.api, request, origin, || sigv4::sha256_hex(body)).await?;
        let Some(signature) = &caller.signature else {
            return if self.unsigned.contains(action) { Ok(caller) } else { Err(unsigned(self.api)) };
        };
        if let sigv4::Payload::Sha256(declared) = signature.sig.payload
            && declared.bytes() != sigv4::sha256(body)
        {
            return Err(match self.api {
                Service::Ec2 => ApiError::new(
                    ErrorCode::AuthFailure,
                    "AWS was not able to validate the provided access credentials",
                ),
                _ => ApiError::new(
                    ErrorCode::SignatureDoesNotMatch,
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ),
            });
        }
        Ok(caller)
    }
}

/// The error for an action that nobody answers.
pub fn not_offered(action: &str) -> ApiError {
    if action.is_empty() {
        return ApiError::new(ErrorCode::MissingAction, "The request must contain the parameter Action");
    }
    let shown: String = action.chars().take(128).collect();
    ApiError::new(ErrorCode::InvalidAction, format!("The action {shown} is not valid for this web service."))
}

/// Headers as the signature verifier takes them.
pub fn borrowed(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// All parameters of a request, from query and body, without those of a presigned signature.
fn parameters(parts: &request::Parts, body: &Bytes) -> Result<Node, ApiError> {
    let query = parts.uri.query().unwrap_or("");
    let form = match parts.method {
        Method::POST => std::str::from_utf8(body)
            .map_err(|_| ApiError::new(ErrorCode::MalformedQueryString, "The request body is not UTF-8"))?,
        Method::GET => "",
        _ => {
            return Err(ApiError::new(ErrorCode::InvalidAction, "Only GET and POST requests are supported"));
        }
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !form.is_empty() && !kind.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(ApiError::new(
            ErrorCode::MalformedQueryString,
            format!("The content type {kind} is not supported"),
        ));
    }
    let mut tree = query::parse(&format!("{query}&{form}"))?;
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
    ] {
        tree.take(name);
    }
    Ok(tree)
}

/// EC2 takes `DryRun` with every action.
fn dry_run(api: Service, parameters: &mut Parameters) -> Result<bool, ApiError> {
    let (Service::Ec2, Parameters::Query(tree)) = (api, parameters) else { return Ok(false) };
    match tree.take("DryRun").as_deref() {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) => Err(ApiError::new(
            ErrorCode::InvalidParameterValue,
            format!("Invalid value '{text}' for DryRun: expected true or false"),
        )),
    }
}
