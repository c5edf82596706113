//! The error bodies of each protocol.

use super::xml::{DECLARATION, escape_into};
use crate::error_code::ApiError;
use crate::operation::Service;

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
    let mut out = String::with_capacity(300);
    out.push_str(DECLARATION);
    out.push('\n');
    match service {
        Service::Ec2 => {
            out.push_str("<Response><Errors><Error>");
            tag(&mut out, "Code", error.code.as_str());
            tag(&mut out, "Message", &error.message);
            out.push_str("</Error></Errors>");
            tag(&mut out, "RequestID", request_id);
            out.push_str("</Response>");
        }
        Service::Iam | Service::Sts => {
            out.push_str(&format!("<ErrorResponse xmlns=\"{}\"><Error>", service.xmlns()));
            let kind = if error.code.status() >= 500 { "Receiver" } else { "Sender" };
            tag(&mut out, "Type", kind);
            tag(&mut out, "Code", error.code.as_str());
            tag(&mut out, "Message", &error.message);
            out.push_str("</Error>");
            tag(&mut out, "RequestId", request_id);
            out.push_str("</ErrorResponse>");
        }
        Service::S3 => {
            out.push_str("<Error>");
            tag(&mut out, "Code", error.code.as_str());
            tag(&mut out, "Message", &error.message);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_code::ErrorCode;

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
    }
}
