//! The error bodies of each protocol.

use super::xml::{DECLARATION, escape_into};
use crate::error_code::{ApiError, ErrorCode};
use crate::operation::{Protocol, Service};

fn tag(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape_into(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// The body of an error answer. `resource` is S3's alone: the path that was asked for.
///
/// There is no white space between elements: HTCondor looks for `<Error><Code>RequestLimitExceeded</Code>`.
pub fn write(service: Service, error: &ApiError, request_id: &str, resource: &str) -> String {
    if service.protocol() == Protocol::Json {
        return json(error);
    }
    let message = match service {
        Service::S3 => error.message.clone(),
        _ => error.message.chars().map(printed).collect(),
    };
    let mut out = String::with_capacity(300);
    out.push_str(DECLARATION);
    out.push('\n');
    match service {
        Service::Ec2 => {
            out.push_str("<Response><Errors><Error>");
            tag(&mut out, "Code", error.code.as_str());
            tag(&mut out, "Message", &message);
            out.push_str("</Error></Errors>");
            tag(&mut out, "RequestID", request_id);
            out.push_str("</Response>");
        }
        Service::Iam | Service::Sts | Service::Kms => {
            out.push_str(&format!("<ErrorResponse xmlns=\"{}\"><Error>", service.xmlns()));
            let kind = if error.code.status() >= 500 { "Receiver" } else { "Sender" };
            tag(&mut out, "Type", kind);
            tag(&mut out, "Code", query_code(service, error.code));
            tag(&mut out, "Message", &message);
            out.push_str("</Error>");
            tag(&mut out, "RequestId", request_id);
            out.push_str("</ErrorResponse>");
        }
        Service::S3 => {
            out.push_str("<Error>");
            tag(&mut out, "Code", error.code.as_str());
            tag(&mut out, "Message", &message);
            for (name, text) in &error.details {
                tag(&mut out, name, text);
            }
            tag(&mut out, "Resource", resource);
            tag(&mut out, "RequestId", request_id);
            tag(&mut out, "HostId", request_id);
            out.push_str("</Error>");
        }
    }
    out
}

/// A character as a message may repeat it from a request: XML has no way to write some. (S3 writes references to them all the
/// same.)
fn printed(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => c,
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// What IAM and STS call a code: a fault of their own has a name of its own with each.
fn query_code(service: Service, code: ErrorCode) -> &'static str {
    match (service, code) {
        (Service::Iam, ErrorCode::InternalError | ErrorCode::InternalFailure) => "ServiceFailure",
        (Service::Sts, ErrorCode::InternalError) => "InternalFailure",
        (_, code) => code.as_str(),
    }
}

/// The body of an error of the JSON protocols.
fn json(error: &ApiError) -> String {
    serde_json::json!({ "__type": json_type(error.code), "message": error.message }).to_string()
}

/// What the JSON protocols call a code: most have the same name everywhere, these do not.
pub fn json_type(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InternalError | ErrorCode::InternalFailure => "KMSInternalException",
        ErrorCode::ServiceUnavailable => "ServiceUnavailableException",
        ErrorCode::AccessDenied => "AccessDeniedException",
        ErrorCode::ValidationError => "ValidationException",
        ErrorCode::InvalidClientTokenId => "UnrecognizedClientException",
        ErrorCode::SignatureDoesNotMatch => "InvalidSignatureException",
        ErrorCode::IncompleteSignature => "IncompleteSignatureException",
        ErrorCode::MissingAuthenticationToken => "MissingAuthenticationTokenException",
        ErrorCode::ExpiredToken => "ExpiredTokenException",
        ErrorCode::InvalidAction => "UnknownOperationException",
        ErrorCode::LimitExceeded => "LimitExceededException",
        ErrorCode::MalformedPolicyDocument => "MalformedPolicyDocumentException",
        other => other.as_str(),
    }
}

/// The status an error travels with: the JSON protocols know only whose fault it was.
pub fn status(service: Service, code: ErrorCode) -> u16 {
    match (service.protocol(), code.status()) {
        (Protocol::Json, 400..=499) => 400,
        (_, status) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_own_body() {
        let error = ApiError::new(ErrorCode::NoSuchBucket, "no <b>").detail("BucketName", "b");
        let s3 = write(Service::S3, &error, "r", "/b");
        assert!(s3.ends_with(
            "<Error><Code>NoSuchBucket</Code><Message>no &lt;b&gt;</Message><BucketName>b</BucketName>\
             <Resource>/b</Resource><RequestId>r</RequestId><HostId>r</HostId></Error>"
        ));
        let ec2 = write(Service::Ec2, &error, "r", "");
        assert!(ec2.contains("<Response><Errors><Error><Code>NoSuchBucket</Code>"));
        let iam = write(Service::Iam, &error, "r", "");
        assert!(iam.contains("<Error><Type>Sender</Type><Code>"));
        let odd = ApiError::new(ErrorCode::ValidationError, "\u{1}\u{1b}\u{ffff}\n");
        assert!(write(Service::Iam, &odd, "r", "").contains("<Message>\u{fffd}\u{fffd}\u{fffd}\n</Message>"));
        let fault = ApiError::internal("the disk is full");
        for (service, code) in [(Service::Iam, "ServiceFailure"), (Service::Sts, "InternalFailure")] {
            let told = write(service, &fault, "r", "");
            assert!(told.contains(&format!("<Type>Receiver</Type><Code>{code}</Code>")), "{told}");
            assert!(!told.contains("disk"), "{told}");
        }
        let kms = write(Service::Kms, &ApiError::new(ErrorCode::AccessDenied, "no \"b\""), "r", "");
        assert_eq!(kms, r#"{"__type":"AccessDeniedException","message":"no \"b\""}"#);
        assert_eq!(status(Service::Kms, ErrorCode::AccessDenied), 400);
        assert_eq!(status(Service::Iam, ErrorCode::AccessDenied), 403);
    }
}
