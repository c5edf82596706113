//! Handing a request to the service that answers it.

use std::net::IpAddr;
use std::time::Duration;

use api_spec::{ApiError, ErrorCode, Protocol, Service};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request};
use axum::response::Response;
use kit::http::{MAX_QUERY_BODY, read_request};
use kit::request::{Origin, TLS_CIPHER, new_request_id};
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
    patience: Duration,
}

impl Forwarder {
    pub fn new(context: Context, patience: Duration) -> Self {
        Forwarder { context, patience }
    }

    /// Answers a request by the service it is for.
    pub async fn answer(&self, request: Request) -> Response {
        let connection = request.extensions().get::<Connection>().copied();
        let (mut head, body) = request.into_parts();
        let origin = Origin {
            request_id: new_request_id(),
            source_ip: connection.map(|connection| canonical(connection.peer.ip())),
            secure: connection.is_some_and(|connection| connection.secure),
            tls_version: connection.and_then(|connection| connection.tls_version).map(str::to_owned),
            ..Origin::of(&head.headers)
        };
        origin.put(&mut head.headers);
        if let Some(cipher) = connection.and_then(|connection| connection.tls_cipher) {
            head.headers.insert(TLS_CIPHER, HeaderValue::from_static(cipher));
        }
        let path = head.uri.path().to_owned();
        let (api, result) = match door::of(&head) {
            Door::Api(Service::S3) => (Service::S3, self.stream(head, body).await),
            Door::Api(api) => (api, self.query(Some(api), head, body).await),
            Door::ByAction => (Service::Ec2, self.query(None, head, body).await),
            Door::Foreign => (Service::Iam, Err(foreign())),
        };
        result.unwrap_or_else(|error| {
            tracing::warn!(request_id = %origin.request_id, %error, "not handed on");
            kit::http::error(api, &error, &origin.request_id, &path)
        })
    }

    /// S3: the body goes on as it comes.
    async fn stream(&self, head: request::Parts, body: Body) -> Result<Response, ApiError> {
        let request = Request::from_parts(head, body);
        self.context.peers.public(ServiceName::Object).send(request).await
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
