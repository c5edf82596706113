//! Which service a request is for, read off its credential scope, its host or its action.

use api_spec::Service;
use axum::http::{Method, Uri, header, request};
use kit::ServiceName;
use percent_encoding::percent_decode_str;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Signed for, or addressed to, an API that Murus has.
    Api(Service),
    /// Signed for an API that Murus does not have.
    Foreign,
    /// Nothing says: a query request without credentials, told apart by its action.
    ByAction,
}

/// Finds the API of a request from its head alone.
pub fn of(head: &request::Parts) -> Door {
    if let Some(scope) = scope(head) {
        return api(&scope).map_or(Door::Foreign, Door::Api);
    }
    if let Some(api) = api_of_target(head) {
        return Door::Api(api);
    }
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let label = host.split(['.', ':']).next().unwrap_or("");
    if let Some(api) = api(label).filter(|_| host.contains('.')) {
        return Door::Api(api);
    }
    let form = head
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let at_root = head.uri.path() == "/";
    if at_root && (action_in_query(&head.uri) || (form && head.method == Method::POST)) {
        return Door::ByAction;
    }
    Door::Api(Service::S3)
}

/// The service in the credential scope: of the `Authorization` header or of `X-Amz-Credential`.
fn scope(head: &request::Parts) -> Option<String> {
    let header = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = match header {
        Some(text) => text.split_once("Credential=")?.1.split([',', ' ']).next()?.to_owned(),
        None => {
            let query = head.uri.query()?;
            let value = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
            percent_decode_str(value).decode_utf8().ok()?.into_owned()
        }
    };
    // KEY/DATE/REGION/SERVICE/aws4_request; a key has no slash
    credential.rsplit('/').nth(1).map(str::to_owned)
}

/// The API of an unsigned request of the JSON protocol.
fn api_of_target(head: &request::Parts) -> Option<Service> {
    let target = head.headers.get("x-amz-target")?.as_bytes();
    APIS.into_iter()
        .find(|api| api.target_prefix().is_some_and(|prefix| target.starts_with(prefix.as_bytes())))
}

const APIS: [Service; 5] = [Service::Ec2, Service::Iam, Service::Sts, Service::S3, Service::Kms];

fn api(name: &str) -> Option<Service> {
    APIS.into_iter().find(|api| api.name() == name)
}

fn action_in_query(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("Action=")))
}

/// The action of a query request: in the query or in the form.
pub fn action<'a>(query: &'a str, form: &'a str) -> &'a str {
    query.split('&').chain(form.split('&')).find_map(|pair| pair.strip_prefix("Action=")).unwrap_or("")
}

/// The API that has this action; EC2 when none has, so that the error comes in the commonest dialect.
pub fn api_of_action(action: &str) -> Service {
    [Service::Sts, Service::Iam, Service::Ec2]
        .into_iter()
        .find(|api| api.operations().contains_key(action))
        .unwrap_or(Service::Ec2)
}

/// The service that answers an action of an API.
pub fn service(api: Service, action: &str) -> ServiceName {
    match api {
        Service::Iam | Service::Sts | Service::Kms => ServiceName::Identity,
        Service::S3 => ServiceName::Object,
        Service::Ec2 => match api.operations().get(action).and_then(|entry| entry.by.as_deref()) {
            Some("volume") => ServiceName::Volume,
            // what nobody offers is refused by compute, after it has verified who asks
            _ => ServiceName::Compute,
        },
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn door(build: impl FnOnce(request::Builder) -> request::Builder) -> Door {
        of(&build(Request::builder()).body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_credential_scope_decides_first() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
            )
        };
        let header = |service| door(|r| r.uri("/x").header("authorization", signed(service)));
        assert_eq!(header("ec2"), Door::Api(Service::Ec2));
        assert_eq!(header("s3"), Door::Api(Service::S3));
        assert_eq!(header("kms"), Door::Api(Service::Kms));
        assert_eq!(header("elasticloadbalancing"), Door::Foreign);
        let presigned = door(|r| {
            r.uri("/?X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fsts%2Faws4_request&Action=GetCallerIdentity")
        });
        assert_eq!(presigned, Door::Api(Service::Sts));
    }

    #[test]
    fn without_credentials_host_and_form_tell() {
        let host = |host: &str| door(|r| r.uri("/").header("host", host.to_owned()));
        assert_eq!(host("iam.us-east-1.cloud.lan:8773"), Door::Api(Service::Iam));
        assert_eq!(host("s3:8773"), Door::Api(Service::S3));
        assert_eq!(door(|r| r.uri("/?Action=RunInstances")), Door::ByAction);
        assert_eq!(door(|r| r.uri("/bucket/key?Action=x")), Door::Api(Service::S3));
        let form = door(|r| {
            r.method("POST")
                .uri("/")
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        });
        assert_eq!(form, Door::ByAction);
        let target = door(|r| r.method("POST").uri("/").header("x-amz-target", "TrentService.ListKeys"));
        assert_eq!(target, Door::Api(Service::Kms));
    }

    #[test]
    fn an_action_finds_its_service() {
        assert_eq!(api_of_action("CreateUser"), Service::Iam);
        assert_eq!(api_of_action("Nonsense"), Service::Ec2);
        assert_eq!(service(Service::Ec2, "Nonsense"), ServiceName::Compute);
        assert_eq!(service(Service::Sts, "GetCallerIdentity"), ServiceName::Identity);
    }
}
