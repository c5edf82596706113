//! One record in CloudTrail's format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

use api_spec::{ApiError, Service};
use auth::policy::{Decision, Principal, StatementRef};
use serde_json::{Map, Value, json};

use super::Record;
use crate::caller::Caller;

/// The version of CloudTrail's format.
const VERSION: &str = "1.11";
/// Parameters that are longer than this are left out, as CloudTrail does.
const MAX_PARAMETERS: usize = 100 << 10;

/// Something that a request was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its ARN.
    pub arn: String,
    /// Account that owns it, when known.
    pub account_id: Option<String>,
}

/// The record as one line of JSON, with its line end.
pub(super) fn line(record: &Record<'_>) -> Vec<u8> {
    let mut line = event(record).to_string().into_bytes();
    line.push(b'\n');
    line
}

pub(super) fn event(record: &Record<'_>) -> Value {
    let origin = record.origin;
    let too_long = record.parameters.as_ref().is_some_and(|given| given.to_string().len() > MAX_PARAMETERS);
    let mut event = json!({
        "eventVersion": VERSION,
        "userIdentity": identity(record),
        "eventTime": record.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": format!("{}.amazonaws.com", record.service.name()),
        "eventName": record.name,
        "awsRegion": record.region,
        "sourceIPAddress": origin.source_ip.map_or_else(|| "murus.internal".into(), |ip| ip.to_string()),
        "userAgent": origin.user_agent,
        "requestParameters": record.parameters.as_ref().filter(|_| !too_long),
        "responseElements": null,
        "additionalEventData": additional(record, too_long),
        "requestID": origin.request_id,
        "eventID": uuid::Uuid::new_v4().to_string(),
        "readOnly": is_read_only(record.name),
        "eventType": "AwsApiCall",
        "managementEvent": !is_data(record),
        "eventCategory": if is_data(record) { "Data" } else { "Management" },
    });
    let mut more = Map::new();
    if let Err(error) = record.outcome {
        more.insert("errorCode".into(), code(record.service, error).into());
        more.insert("errorMessage".into(), error.message.as_str().into());
    }
    if !record.resources.is_empty() {
        more.insert("resources".into(), record.resources.iter().map(resource).collect());
    }
    if let Some(account) = recipient(record) {
        more.insert("recipientAccountId".into(), account.into());
    }
    if origin.secure {
        let version = origin.tls_version.as_ref().map_or_else(|| "TLS".into(), |v| format!("TLSv{v}"));
        more.insert("tlsDetails".into(), json!({ "tlsVersion": version }));
    }
    if let Some(all) = event.as_object_mut() {
        all.extend(more);
    }
    event
}

/// Whose trail it belongs to: the caller's, or for strangers that of what they asked for.
fn recipient<'r>(record: &'r Record<'_>) -> Option<&'r str> {
    let own = record.caller.map(Caller::account_id).filter(|account| !account.is_empty());
    own.or_else(|| record.resources.iter().find_map(|one| one.account_id.as_deref()))
}

fn resource(one: &Resource) -> Value {
    let kind = match one.arn.split(':').nth(2) {
        Some("s3") if one.arn.contains('/') => Some("AWS::S3::Object"),
        Some("s3") => Some("AWS::S3::Bucket"),
        _ => None,
    };
    let mut resource = json!({ "ARN": one.arn });
    if let Some(all) = resource.as_object_mut() {
        all.extend(one.account_id.as_ref().map(|id| ("accountId".to_owned(), id.as_str().into())));
        all.extend(kind.map(|kind| ("type".to_owned(), kind.into())));
    }
    resource
}

/// EC2 says in the code whose fault it was.
fn code(service: Service, error: &ApiError) -> String {
    match service {
        Service::Ec2 if error.code.status() >= 500 => format!("Server.{}", error.code),
        Service::Ec2 => format!("Client.{}", error.code),
        _ => error.code.to_string(),
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

/// Why it was allowed or denied, and how it was signed.
fn additional(record: &Record<'_>, too_long: bool) -> Value {
    let mut data = Map::new();
    if let Some(decision) = record.decision {
        data.insert("authorization".into(), why(decision));
    }
    if let Some(signature) = record.caller.and_then(|caller| caller.signature.as_ref()) {
        data.insert("SignatureVersion".into(), signature.version().into());
        data.insert(
            "AuthenticationMethod".into(),
            match signature.sig.carrier {
                auth::sigv4::Carrier::Header => "AuthHeader".into(),
                auth::sigv4::Carrier::Query => "QueryString".into(),
                auth::sigv4::Carrier::Form => "HtmlForm".into(),
            },
        );
    }
    if too_long {
        data.insert("requestParametersOmitted".into(), "requestParameters too large".into());
    }
    Value::Object(data)
}

fn why(decision: &Decision) -> Value {
    let by = |effect: &str, by: &StatementRef| {
        json!({
            "effect": effect,
            "policyKind": by.kind,
            "policy": by.policy,
            "statement": by.index,
            "sid": by.sid,
        })
    };
    match decision {
        Decision::Allowed { by: statement } => by("Allow", statement),
        Decision::DeniedExplicitly { by: statement } => by("ExplicitDeny", statement),
        Decision::DeniedImplicitly { missing } => json!({ "effect": "ImplicitDeny", "missing": missing }),
    }
}

fn identity(record: &Record<'_>) -> Value {
    let Some(caller) = record.caller else { return json!({ "type": "Unknown" }) };
    let principal = caller.principal();
    let mut identity = match principal {
        Principal::Anonymous => json!({ "type": "AWSAccount", "accountId": "anonymous" }),
        Principal::Service { name } => json!({ "type": "AWSService", "invokedBy": name }),
        Principal::Root { account } => json!({ "type": "Root", "accountId": account }),
        Principal::User { account, name, .. } => {
            json!({ "type": "IAMUser", "accountId": account, "userName": name })
        }
        Principal::AssumedRole { account, .. } => json!({ "type": "AssumedRole", "accountId": account }),
        Principal::FederatedUser { account, .. } => json!({ "type": "FederatedUser", "accountId": account }),
        Principal::WebIdentity { provider, subject } => {
            json!({ "type": "WebIdentityUser", "identityProvider": provider, "userName": subject })
        }
    };
    let mut more = Map::new();
    if let Some(id) = principal.user_id().filter(|_| *principal != Principal::Anonymous) {
        more.insert("principalId".into(), id.into());
    }
    if principal.account().is_some() {
        more.insert("arn".into(), principal.arn().into());
    }
    if let Some(key) = caller.access_key_id() {
        more.insert("accessKeyId".into(), key.into());
    }
    if let Some(session) = session(caller) {
        more.insert("sessionContext".into(), session);
    }
    if let Some(all) = identity.as_object_mut() {
        all.extend(more);
    }
    identity
}

/// Who issued a session, and what it knows of its beginning.
fn session(caller: &Caller) -> Option<Value> {
    let issuer = match caller.principal() {
        principal @ Principal::AssumedRole { account, role, role_id, .. } => json!({
            "type": "Role",
            "principalId": role_id,
            "arn": principal.role_arn(),
            "accountId": account,
            "userName": role,
        }),
        _ if caller.session_token().is_some() => json!({}),
        _ => return None,
    };
    Some(json!({ "sessionIssuer": issuer, "attributes": attributes(caller) }))
}

fn attributes(caller: &Caller) -> Value {
    let Some(session) = caller.holder().and_then(|holder| holder.session.as_ref()) else { return json!({}) };
    let issued = session.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case("aws:TokenIssueTime"));
    json!({
        "creationDate": issued.map(|(_, at)| at),
        "mfaAuthenticated": session.mfa_at.is_some().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use api_spec::ErrorCode;
    use auth::policy::Kind;

    use super::*;
    use crate::request::Origin;

    fn origin() -> Origin {
        Origin {
            request_id: "6f1ed002-ab5f-11e3-8c5a-3b4a5c6d7e8f".into(),
            source_ip: Some("192.0.2.7".parse().unwrap()),
            secure: true,
            tls_version: Some("1.3".into()),
            user_agent: "Boto3/1.40".into(),
            referer: None,
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

    use jiff::Timestamp;
}
