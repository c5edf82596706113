//! One record in CloudTrail's format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

use std::borrow::Cow;

use api_spec::{ApiError, Service};
use auth::policy::{Decision, Kind, Principal, StatementRef};
use auth::sigv4::Carrier;
use serde_json::Value;

use super::Record;
use super::json::{self, Object};
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

/// The record as one line of JSON, with its line end. `principal` is the caller's ARN, `source_ip` where the request came
/// from.
pub(super) fn line(record: &Record<'_>, principal: Option<&str>, source_ip: Option<&str>) -> Vec<u8> {
    let mut line = Vec::with_capacity(TYPICAL);
    json::object(&mut line, |event| write(event, record, principal, source_ip));
    line.push(b'\n');
    line
}

fn write(event: &mut Object<'_>, record: &Record<'_>, principal: Option<&str>, source_ip: Option<&str>) {
    let origin = record.origin;
    let too_long = record.parameters.as_ref().is_some_and(|given| weight(given) > MAX_PARAMETERS);
    let is_data = is_data(record);
    let error = record.outcome.err();
    event.text("eventVersion", VERSION);
    event.object("userIdentity", |identity| match record.caller {
        Some(caller) => write_identity(identity, caller, principal),
        None => identity.text("type", "Unknown"),
    });
    event.text("eventTime", &format!("{:.0}", record.at));
    event.text("eventSource", source(record.service));
    event.text("eventName", record.name);
    event.text("awsRegion", record.region);
    event.text("sourceIPAddress", source_ip.unwrap_or("murus.internal"));
    event.text("userAgent", &origin.user_agent);
    event.if_some("errorCode", error.map(|error| code(record.service, error)).as_deref());
    event.if_some("errorMessage", error.map(|error| error.message.as_str()));
    let parameters = record.parameters.as_ref().filter(|_| !too_long);
    event.value("requestParameters", parameters.unwrap_or(&Value::Null));
    event.value("responseElements", &Value::Null);
    event.object("additionalEventData", |more| write_additional(more, record, too_long));
    event.text("requestID", &origin.request_id);
    event.text("eventID", &new_uuid());
    event.value("readOnly", &is_read_only(record.name).into());
    if !record.resources.is_empty() {
        event.objects("resources", record.resources, write_resource);
    }
    event.text("eventType", "AwsApiCall");
    event.value("managementEvent", &(!is_data).into());
    event.if_some("recipientAccountId", recipient(record));
    event.text("eventCategory", if is_data { "Data" } else { "Management" });
    if origin.secure {
        let version = origin.tls_version.as_ref().map_or_else(|| "TLS".into(), |v| format!("TLSv{v}"));
        event.object("tlsDetails", |details| details.text("tlsVersion", &version));
    }
}

/// What CloudTrail calls a service.
fn source(service: Service) -> &'static str {
    match service {
        Service::Ec2 => "ec2.amazonaws.com",
        Service::Iam => "iam.amazonaws.com",
        Service::Sts => "sts.amazonaws.com",
        Service::S3 => "s3.amazonaws.com",
        Service::Kms => "kms.amazonaws.com",
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

fn write_resource(out: &mut Object<'_>, resource: &Resource) {
    let kind = match resource.arn.split(':').nth(2) {
        Some("s3") if resource.arn.contains('/') => Some("AWS::S3::Object"),
        Some("s3") => Some("AWS::S3::Bucket"),
        _ => None,
    };
    out.text("ARN", &resource.arn);
    out.if_some("accountId", resource.account_id.as_deref());
    out.if_some("type", kind);
}

/// Why it was allowed or denied, and how it was signed.
fn write_additional(out: &mut Object<'_>, record: &Record<'_>, too_long: bool) {
    if let Some(decision) = record.decision {
        out.object("authorization", |why| write_decision(why, decision));
    }
    if let Some(signature) = record.caller.and_then(|caller| caller.signature.as_ref()) {
        out.text("SignatureVersion", signature.version());
        let method = match signature.sig.carrier {
            Carrier::Header => "AuthHeader",
            Carrier::Query => "QueryString",
            Carrier::Form => "HtmlForm",
        };
        out.text("AuthenticationMethod", method);
    }
    out.if_some("requestParametersOmitted", too_long.then_some("requestParameters too large"));
}

fn write_decision(out: &mut Object<'_>, decision: &Decision) {
    let mut by = |effect, by: &StatementRef| {
        out.text("effect", effect);
        out.text("policyKind", kind_name(by.kind));
        out.text("policy", &by.policy);
        out.value("statement", &by.index.into());
        out.or_null("sid", by.sid.as_deref());
    };
    match decision {
        Decision::Allowed { by: statement } => by("Allow", statement),
        Decision::DeniedExplicitly { by: statement } => by("ExplicitDeny", statement),
        Decision::DeniedImplicitly { missing } => {
            out.text("effect", "ImplicitDeny");
            out.text("missing", kind_name(*missing));
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "Identity",
        Kind::Boundary => "Boundary",
        Kind::Session => "Session",
        Kind::Resource => "Resource",
        Kind::Trust => "Trust",
        Kind::Root => "Root",
    }
}

/// Who asked.
fn write_identity(out: &mut Object<'_>, caller: &Caller, arn: Option<&str>) {
    let principal = caller.principal();
    let (kind, user_name) = match principal {
        Principal::Anonymous => {
            out.text("type", "AWSAccount");
            return out.text("accountId", "anonymous");
        }
        Principal::Service { .. } => ("AWSService", None),
        Principal::Root { .. } => ("Root", None),
        Principal::User { name, .. } => ("IAMUser", Some(name)),
        Principal::AssumedRole { .. } => ("AssumedRole", None),
        Principal::FederatedUser { .. } => ("FederatedUser", None),
        Principal::WebIdentity { subject, .. } => ("WebIdentityUser", Some(subject)),
    };
    out.text("type", kind);
    out.if_some("principalId", principal.user_id().as_deref());
    out.if_some("arn", principal.account().and(arn));
    out.if_some("accountId", principal.account());
    out.if_some("accessKeyId", caller.access_key_id());
    out.if_some("userName", user_name.map(String::as_str));
    match principal {
        Principal::WebIdentity { provider, .. } => out.text("identityProvider", provider),
        Principal::Service { name } => out.text("invokedBy", name),
        _ => {}
    }
    let is_role = matches!(principal, Principal::AssumedRole { .. });
    if is_role || caller.session_token().is_some() {
        out.object("sessionContext", |session| {
            session.object("sessionIssuer", |issuer| write_issuer(issuer, principal));
            session.object("attributes", |attributes| write_attributes(attributes, caller));
        });
    }
}

/// Who issued a session.
fn write_issuer(out: &mut Object<'_>, principal: &Principal) {
    if let Principal::AssumedRole { account, role, role_id, .. } = principal {
        out.text("type", "Role");
        out.text("principalId", role_id);
        out.if_some("arn", principal.role_arn().as_deref());
        out.text("accountId", account);
        out.text("userName", role);
    }
}

/// What a session knows of its beginning.
fn write_attributes(out: &mut Object<'_>, caller: &Caller) {
    let Some(session) = caller.holder().and_then(|holder| holder.session.as_ref()) else { return };
    let issued = session.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case("aws:TokenIssueTime"));
    out.if_some("creationDate", issued.map(|(_, at)| at.as_ref()));
    out.text("mfaAuthenticated", if session.mfa_at.is_some() { "true" } else { "false" });
}

#[cfg(test)]
mod tests {
    use api_spec::ErrorCode;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::request::Origin;

    fn event(record: &Record<'_>) -> Value {
        let principal = record.caller.map(|caller| caller.principal().arn());
        let source_ip = record.origin.source();
        serde_json::from_slice(&line(record, principal.as_deref(), source_ip.as_deref())).unwrap()
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
