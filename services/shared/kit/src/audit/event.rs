//! One record in CloudTrail's format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

use std::borrow::Cow;

use api_spec::{ApiError, Service};
use auth::policy::{Decision, Kind, Principal, StatementRef};
use auth::sigv4::Carrier;
use serde::Serialize;
use serde_json::Value;

use super::{Record, json};
use crate::caller::Caller;
use crate::request::new_uuid;

/// The version of CloudTrail's format.
const VERSION: &str = "1.11";
/// Parameters that are longer than this are left out, as CloudTrail does.
const MAX_PARAMETERS: usize = 100 << 10;
/// What a record has room for at first, in bytes.
const TYPICAL: usize = 1536;

/// Something that a request was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its ARN.
    pub arn: String,
    /// Account that owns it, when known.
    pub account_id: Option<String>,
}

/// The record as one line of JSON, with its line end. It is written straight from what it borrows: a record is made for
/// every request, so what it costs, every request costs.
pub(super) fn line(record: &Record<'_>) -> Vec<u8> {
    let mut line = Vec::with_capacity(TYPICAL);
    let event = Event::of(record);
    if json::write(&mut line, &event).is_err() {
        // something that only the slower writer knows
        line.clear();
        let _ = serde_json::to_writer(&mut line, &event);
    }
    line.push(b'\n');
    line
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'r> {
    event_version: &'static str,
    user_identity: Identity<'r>,
    event_time: String,
    event_source: String,
    event_name: &'r str,
    aws_region: &'r str,
    #[serde(rename = "sourceIPAddress")]
    source_ip: String,
    user_agent: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'r str>,
    request_parameters: Option<&'r Value>,
    /// Always null.
    response_elements: (),
    additional_event_data: Additional<'r>,
    #[serde(rename = "requestID")]
    request_id: &'r str,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Concerned<'r>>,
    event_type: &'static str,
    management_event: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_account_id: Option<&'r str>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails>,
}

impl<'r> Event<'r> {
    fn of(record: &'r Record<'_>) -> Self {
        let origin = record.origin;
        let too_long = record.parameters.as_ref().is_some_and(|given| weight(given) > MAX_PARAMETERS);
        let tls_version = || origin.tls_version.as_ref().map_or_else(|| "TLS".into(), |v| format!("TLSv{v}"));
        let is_data = is_data(record);
        Event {
            event_version: VERSION,
            user_identity: Identity::of(record.caller),
            event_time: format!("{:.0}", record.at),
            event_source: format!("{}.amazonaws.com", record.service.name()),
            event_name: record.name,
            aws_region: record.region,
            source_ip: origin.source().unwrap_or_else(|| "murus.internal".into()),
            user_agent: &origin.user_agent,
            error_code: record.outcome.err().map(|error| code(record.service, error)),
            error_message: record.outcome.err().map(|error| error.message.as_str()),
            request_parameters: record.parameters.as_ref().filter(|_| !too_long),
            response_elements: (),
            additional_event_data: Additional::of(record, too_long),
            request_id: &origin.request_id,
            event_id: new_uuid(),
            read_only: is_read_only(record.name),
            resources: record.resources.iter().map(Concerned::of).collect(),
            event_type: "AwsApiCall",
            management_event: !is_data,
            recipient_account_id: recipient(record),
            event_category: if is_data { "Data" } else { "Management" },
            tls_details: origin.secure.then(|| TlsDetails { tls_version: tls_version() }),
        }
    }
}

/// Bytes of names and values, about.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + weight(value)).sum(),
    }
}

/// Whose trail it belongs to: the caller's, or for strangers that of what they asked for.
fn recipient<'r>(record: &'r Record<'_>) -> Option<&'r str> {
    let own = record.caller.map(Caller::account_id).filter(|account| !account.is_empty());
    own.or_else(|| record.resources.iter().find_map(|one| one.account_id.as_deref()))
}

/// EC2 says in the code whose fault it was.
fn code(service: Service, error: &ApiError) -> Cow<'static, str> {
    match service {
        Service::Ec2 if error.code.status() >= 500 => format!("Server.{}", error.code).into(),
        Service::Ec2 => format!("Client.{}", error.code).into(),
        _ => error.code.as_str().into(),
    }
}

/// Reads and changes of objects are data events.
fn is_data(record: &Record<'_>) -> bool {
    record.service == Service::S3 && record.resources.iter().any(|one| one.arn.contains('/'))
}

fn is_read_only(name: &str) -> bool {
    ["Describe", "Get", "List", "Head", "Lookup", "Simulate", "Decode", "Select"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails {
    tls_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Concerned<'r> {
    #[serde(rename = "ARN")]
    arn: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'r str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

impl<'r> Concerned<'r> {
    fn of(one: &'r Resource) -> Self {
        let kind = match one.arn.split(':').nth(2) {
            Some("s3") if one.arn.contains('/') => Some("AWS::S3::Object"),
            Some("s3") => Some("AWS::S3::Bucket"),
            _ => None,
        };
        Concerned { arn: &one.arn, account_id: one.account_id.as_deref(), kind }
    }
}

/// Why it was allowed or denied, and how it was signed.
#[derive(Serialize)]
struct Additional<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Why<'r>>,
    #[serde(rename = "SignatureVersion", skip_serializing_if = "Option::is_none")]
    signature_version: Option<&'static str>,
    #[serde(rename = "AuthenticationMethod", skip_serializing_if = "Option::is_none")]
    authentication_method: Option<&'static str>,
    #[serde(rename = "requestParametersOmitted", skip_serializing_if = "Option::is_none")]
    parameters_omitted: Option<&'static str>,
}

impl<'r> Additional<'r> {
    fn of(record: &'r Record<'_>, too_long: bool) -> Self {
        let signature = record.caller.and_then(|caller| caller.signature.as_ref());
        Additional {
            authorization: record.decision.map(Why::of),
            signature_version: signature.map(|signature| signature.version()),
            authentication_method: signature.map(|signature| match signature.sig.carrier {
                Carrier::Header => "AuthHeader",
                Carrier::Query => "QueryString",
                Carrier::Form => "HtmlForm",
            }),
            parameters_omitted: too_long.then_some("requestParameters too large"),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Why<'r> {
    #[serde(rename_all = "camelCase")]
    Statement {
        effect: &'static str,
        policy_kind: Kind,
        policy: &'r str,
        statement: usize,
        sid: Option<&'r str>,
    },
    Nothing {
        effect: &'static str,
        missing: Kind,
    },
}

impl<'r> Why<'r> {
    fn of(decision: &'r Decision) -> Self {
        let by = |effect, by: &'r StatementRef| Why::Statement {
            effect,
            policy_kind: by.kind,
            policy: &by.policy,
            statement: by.index,
            sid: by.sid.as_deref(),
        };
        match decision {
            Decision::Allowed { by: statement } => by("Allow", statement),
            Decision::DeniedExplicitly { by: statement } => by("ExplicitDeny", statement),
            Decision::DeniedImplicitly { missing } => {
                Why::Nothing { effect: "ImplicitDeny", missing: *missing }
            }
        }
    }
}

/// Who asked.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'r>>,
}

impl<'r> Identity<'r> {
    fn of(caller: Option<&'r Caller>) -> Self {
        let Some(caller) = caller else { return Identity { kind: "Unknown", ..Identity::default() } };
        let principal = caller.principal();
        let account_id = principal.account();
        let one = |kind| Identity { kind, account_id, ..Identity::default() };
        let identity = match principal {
            Principal::Anonymous => Identity { account_id: Some("anonymous"), ..one("AWSAccount") },
            Principal::Service { name } => Identity { invoked_by: Some(name), ..one("AWSService") },
            Principal::Root { .. } => one("Root"),
            Principal::User { name, .. } => Identity { user_name: Some(name), ..one("IAMUser") },
            Principal::AssumedRole { .. } => one("AssumedRole"),
            Principal::FederatedUser { .. } => one("FederatedUser"),
            Principal::WebIdentity { provider, subject } => Identity {
                identity_provider: Some(provider),
                user_name: Some(subject),
                ..one("WebIdentityUser")
            },
        };
        Identity {
            principal_id: principal.user_id().filter(|_| *principal != Principal::Anonymous),
            arn: account_id.map(|_| principal.arn()),
            access_key_id: caller.access_key_id(),
            session_context: SessionContext::of(caller),
            ..identity
        }
    }
}

/// Who issued a session, and what it knows of its beginning.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'r> {
    session_issuer: Issuer<'r>,
    attributes: Attributes<'r>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Issuer<'r> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'r str>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_date: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_authenticated: Option<&'static str>,
}

impl<'r> SessionContext<'r> {
    fn of(caller: &'r Caller) -> Option<Self> {
        let session_issuer = match caller.principal() {
            principal @ Principal::AssumedRole { account, role, role_id, .. } => Issuer {
                kind: Some("Role"),
                principal_id: Some(role_id),
                arn: principal.role_arn(),
                account_id: Some(account),
                user_name: Some(role),
            },
            _ if caller.session_token().is_some() => Issuer::default(),
            _ => return None,
        };
        Some(SessionContext { session_issuer, attributes: Attributes::of(caller) })
    }
}

impl<'r> Attributes<'r> {
    fn of(caller: &'r Caller) -> Self {
        let Some(session) = caller.holder().and_then(|holder| holder.session.as_ref()) else {
            return Attributes::default();
        };
        let issued = session.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case("aws:TokenIssueTime"));
        Attributes {
            creation_date: issued.map(|(_, at)| at.as_ref()),
            mfa_authenticated: Some(if session.mfa_at.is_some() { "true" } else { "false" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use api_spec::ErrorCode;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::request::Origin;

    fn event(record: &Record<'_>) -> Value {
        serde_json::from_slice(&line(record)).unwrap()
    }

    fn origin() -> Origin {
        Origin {
            request_id: "6f1ed002-ab5f-11e3-8c5a-3b4a5c6d7e8f".into(),
            source_ip: Some("192.0.2.7".parse().unwrap()),
            secure: true,
            tls_version: Some("1.3".into()),
            user_agent: "Boto3/1.40".into(),
            ..Origin::default()
        }
    }

    #[test]
    fn a_record_has_the_fields_of_cloudtrail() {
        let (origin, caller) = (origin(), Caller::anonymous(origin(), Timestamp::UNIX_EPOCH));
        let error = ApiError::new(ErrorCode::UnauthorizedOperation, "no");
        let decision = Decision::DeniedImplicitly { missing: Kind::Identity };
        let resources = [Resource {
            arn: "arn:aws:ec2:us-east-1:111122223333:instance/*".into(),
            account_id: Some("111122223333".into()),
        }];
        let event = event(&Record {
            service: Service::Ec2,
            name: "RunInstances",
            action: "ec2:RunInstances",
            origin: &origin,
            caller: Some(&caller),
            at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            region: "us-east-1",
            parameters: Some(json!({ "imageId": "ami-1" })),
            resources: &resources,
            decision: Some(&decision),
            outcome: Err(&error),
        });
        for (field, value) in [
            ("eventVersion", json!("1.11")),
            ("eventTime", json!("2026-01-02T03:04:05Z")),
            ("eventSource", json!("ec2.amazonaws.com")),
            ("eventName", json!("RunInstances")),
            ("awsRegion", json!("us-east-1")),
            ("sourceIPAddress", json!("192.0.2.7")),
            ("userAgent", json!("Boto3/1.40")),
            ("errorCode", json!("Client.UnauthorizedOperation")),
            ("errorMessage", json!("no")),
            ("requestParameters", json!({ "imageId": "ami-1" })),
            ("responseElements", Value::Null),
            ("requestID", json!(origin.request_id)),
            ("readOnly", json!(false)),
            ("recipientAccountId", json!("111122223333")),
            ("userIdentity", json!({ "type": "AWSAccount", "accountId": "anonymous" })),
            ("tlsDetails", json!({ "tlsVersion": "TLSv1.3" })),
            ("resources", json!([{ "ARN": resources[0].arn, "accountId": "111122223333" }])),
        ] {
            assert_eq!(event[field], value, "{field}");
        }
        let why = &event["additionalEventData"]["authorization"];
        assert_eq!(why, &json!({ "effect": "ImplicitDeny", "missing": "Identity" }));
        assert_eq!(event["eventID"].as_str().unwrap().len(), 36);
    }

    #[test]
    fn parameters_that_are_too_long_are_left_out_and_it_is_said() {
        let origin = origin();
        let event = event(&Record {
            service: Service::Iam,
            name: "GetUser",
            action: "iam:GetUser",
            origin: &origin,
            caller: None,
            at: Timestamp::UNIX_EPOCH,
            region: "us-east-1",
            parameters: Some(json!({ "userName": "x".repeat(MAX_PARAMETERS) })),
            resources: &[],
            decision: None,
            outcome: Ok(()),
        });
        assert_eq!(event["requestParameters"], Value::Null);
        assert!(event["additionalEventData"]["requestParametersOmitted"].is_string());
        assert_eq!((&event["userIdentity"]["type"], &event["readOnly"]), (&json!("Unknown"), &json!(true)));
    }
}
