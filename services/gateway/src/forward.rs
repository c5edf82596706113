//! Handing a request to the service that answers it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use api_spec::{ApiError, ErrorCode, Protocol, Service};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request};
use axum::response::Response;
use kit::http::{MAX_QUERY_BODY, read_request};
use kit::peer::Peer;
use kit::request::{Origin, new_request_id};
use kit::server::Connection;
use kit::{Context, ServiceName};

use crate::door::{self, Door};

/// Tells identity which of its APIs a request is for.
const API: HeaderName = HeaderName::from_static("x-murus-api");
/// Headers that belong to one connection and not to the request.
const HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    HeaderName::from_static("keep-alive"),
];

/// Knows every door.
pub struct Forwarder {
    context: Context,
    object: Peer,
    patience: Duration,
}

impl Forwarder {
    pub fn new(context: Context, patience: Duration) -> Self {
        Forwarder { object: context.peers.public(ServiceName::Object), context, patience }
    }

    /// Answers a request by the service it is for.
    ///
    /// # Errors
    /// None: a refusal is an answer.
    pub async fn answer(&self, request: Request) -> Result<Response, Infallible> {
        let (mut head, body) = request.into_parts();
        let connection = head.extensions.remove::<Connection>();
        let origin = Origin {
            request_id: new_request_id(),
            source_ip: connection.map(|connection| canonical(connection.peer.ip())),
            secure: connection.is_some_and(|connection| connection.secure),
            tls_version: connection.and_then(|connection| connection.tls_version).map(str::to_owned),
            tls_cipher: connection.and_then(|connection| connection.tls_cipher).map(str::to_owned),
            ..Origin::of_client(&head.headers)
        };
        let (request_id, path) = (origin.request_id.clone(), head.uri.path().to_owned());
        let door = door::of(&head);
        head.extensions.insert(origin);
        let (api, result) = match door {
            // the body goes on as it comes
            Door::Api(Service::S3) => (Service::S3, self.object.send(Request::from_parts(head, body)).await),
            Door::Api(api) => (api, self.query(Some(api), head, body).await),
            Door::ByAction => (Service::Ec2, self.query(None, head, body).await),
            Door::Foreign => (Service::Iam, Err(foreign())),
        };
        Ok(result.unwrap_or_else(|error| {
            tracing::warn!(%request_id, %error, "not handed on");
            kit::http::error(api, &error, &request_id, &path)
        }))
    }

    /// The query protocols: the body is small and says which service answers.
    async fn query(
        &self,
        api: Option<Service>,
        mut head: request::Parts,
        body: Body,
    ) -> Result<Response, ApiError> {
        let body = read_request(body, MAX_QUERY_BODY, self.patience).await?;
        let form = match api.map(Service::protocol) {
            Some(Protocol::Json) => "",
            _ => std::str::from_utf8(&body).unwrap_or(""),
        };
        let action = door::action(head.uri.query().unwrap_or(""), form);
        let api = api.unwrap_or_else(|| door::api_of_action(action));
        let service = door::service(api, action);
        prepare(&mut head.headers, api, body.len());
        self.context.peers.public(service).send(Request::from_parts(head, Body::from(body))).await
    }
}

fn prepare(headers: &mut HeaderMap, api: Service, length: usize) {
    for name in HOP {
        headers.remove(name);
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(API, HeaderValue::from_static(api.name()));
}

/// `::ffff:10.0.0.1` is 10.0.0.1 to everybody who writes a policy.
fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

fn foreign() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidAction,
        "The request is signed for an AWS service that this cloud does not offer.",
    )
}
