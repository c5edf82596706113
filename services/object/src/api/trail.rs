//! What the audit trail is told of S3 requests.

use api_spec::{ApiError, ErrorCode, Service as Api};
use axum::http::request;
use kit::audit::{self, Record, Resource};
use kit::request::Origin;
use serde_json::{Map, Value};

use super::exchange::Exchange;
use super::query::Query;
use super::route::route;
use super::target::Target;
use crate::service::Service;

/// Query parameters that sign a request: they are no parameters of the operation, and some are secret.
const SIGNING: &str = "x-amz-";

/// A request that the trail is told of once, when this is dropped: at its end, or when it is dropped before.
pub struct Told<'a> {
    service: &'a Service,
    parts: &'a request::Parts,
    origin: &'a Origin,
    exchange: Option<Exchange>,
    outcome: Option<Result<(), ApiError>>,
}

impl<'a> Told<'a> {
    /// A request that came.
    pub fn of(service: &'a Service, parts: &'a request::Parts, origin: &'a Origin) -> Self {
        Told { service, parts, origin, exchange: None, outcome: None }
    }

    /// It was understood, and it was proven who sent it.
    pub fn opened(&mut self, exchange: Exchange) -> &mut Exchange {
        self.exchange.insert(exchange)
    }

    /// How it ended.
    pub fn ended(&mut self, outcome: Result<(), &ApiError>) {
        self.outcome = Some(outcome.map_err(ApiError::clone));
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let dropped = || {
            let told =
                "The request was given up before it was answered; what it asked for may have been done";
            let code =
                if std::thread::panicking() { ErrorCode::InternalError } else { ErrorCode::RequestTimeout };
            Err(ApiError::new(code, told))
        };
        let outcome = self.outcome.take().unwrap_or_else(dropped);
        match (&self.exchange, outcome) {
            (Some(exchange), outcome) => finished(exchange, outcome.as_ref().copied()),
            (None, Err(error)) => not_opened(self.service, self.parts, self.origin, &error),
            // what was not understood was not carried out
            (None, Ok(())) => {}
        }
    }
}

/// Records a request that was understood.
pub fn finished(x: &Exchange, outcome: Result<(), &ApiError>) {
    let owner = x.bucket().ok().map(|bucket| bucket.account.clone());
    let decision = x.decision();
    audit::write(&Record {
        service: Api::S3,
        name: x.operation.name(),
        action: x.operation.action(),
        origin: &x.caller.origin,
        caller: Some(&x.caller),
        at: x.service.context.clock.now(),
        region: &x.service.context.common.region,
        parameters: Some(parameters(&x.place.bucket, &x.place.key, &x.query)),
        resources: &resources(&x.place.bucket, &x.place.key, owner),
        decision: decision.as_ref(),
        outcome,
    });
}

/// Records a request of which it was not proven who sent it, or that names nothing that is there.
fn not_opened(service: &Service, parts: &request::Parts, origin: &Origin, error: &ApiError) {
    let region = &service.context.common.region;
    let target = Target::of(&parts.uri, &parts.headers, &service.config.domains, region);
    let query = Query::parse(parts.uri.query().unwrap_or("")).unwrap_or_default();
    let target = target.unwrap_or_default();
    let operation = route(&parts.method, &target, &query, &parts.headers).ok();
    let (bucket, key) = (target.bucket.unwrap_or_default(), target.key.unwrap_or_default());
    audit::write(&Record {
        service: Api::S3,
        name: operation.map_or("Unknown", |operation| operation.name()),
        action: operation.map_or("s3:Unknown", |operation| operation.action()),
        origin,
        caller: None,
        at: service.context.clock.now(),
        region,
        parameters: Some(parameters(&bucket, &key, &query)),
        resources: &resources(&bucket, &key, None),
        decision: None,
        outcome: Err(error),
    });
}

fn resources(bucket: &str, key: &str, owner: Option<String>) -> Vec<Resource> {
    let mut resources = Vec::new();
    if !key.is_empty() {
        resources.push(Resource { arn: format!("arn:aws:s3:::{bucket}/{key}"), account_id: owner.clone() });
    }
    if !bucket.is_empty() {
        resources.push(Resource { arn: format!("arn:aws:s3:::{bucket}"), account_id: owner });
    }
    resources
}

fn parameters(bucket: &str, key: &str, query: &Query) -> Value {
    let named = [("bucketName", bucket), ("key", key)].into_iter().filter(|(_, value)| !value.is_empty());
    let plain = query.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !name.starts_with(SIGNING) && !matches!(name.as_str(), "awsaccesskeyid" | "signature" | "expires")
    });
    named.chain(plain).map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_signs_a_request_is_no_parameter() {
        let query = "list-type=2&X-Amz-Signature=s3cr3t&X-Amz-Security-Token=s3cr3t&Signature=s3cr3t&AWSAccessKeyId=AKIA";
        assert_eq!(
            parameters("b", "", &Query::parse(query).unwrap()),
            json!({ "bucketName": "b", "list-type": "2" })
        );
    }
}
