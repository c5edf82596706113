//! What the metadata service answers to one request. Pure.

use bytes::Bytes;
use calls::node::Instance;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SERVER};
use hyper::{Method, Response, StatusCode};

use super::token::{MAX_TTL_S, Tokens};
use super::tree;

/// How long a token is wanted for, and how long it holds.
pub const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const FORWARDED_HEADER: &str = "x-forwarded-for";
const TOKEN_PATH: &str = "/latest/api/token";

/// A request, as far as it matters.
pub struct Ask<'a> {
    /// GET, HEAD or PUT.
    pub method: &'a Method,
    /// Path without query.
    pub path: &'a str,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Now, seconds since 1970.
    pub now_s: u64,
}

/// The answer to a request of an instance; none is an address that no instance has.
pub fn answer(ask: &Ask<'_>, instance: Option<&Instance>, tokens: &Tokens) -> Response<Full<Bytes>> {
    let Some(instance) = instance else {
        return refuse(StatusCode::NOT_FOUND);
    };
    if !instance.metadata.enabled {
        return refuse(StatusCode::FORBIDDEN);
    }
    match *ask.method {
        Method::PUT => put(ask, instance, tokens),
        Method::GET | Method::HEAD => get(ask, instance, tokens),
        _ => refuse(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn put(ask: &Ask<'_>, instance: &Instance, tokens: &Tokens) -> Response<Full<Bytes>> {
    if ask.headers.contains_key(FORWARDED_HEADER) {
        return refuse(StatusCode::FORBIDDEN);
    }
    if ask.path != TOKEN_PATH {
        return refuse(StatusCode::NOT_FOUND);
    }
    let wanted =
        ask.headers.get(TTL_HEADER).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    match wanted {
        Some(ttl_s) if (1..=MAX_TTL_S).contains(&ttl_s) => {
            let token = tokens.issue(instance.id.as_str(), ask.now_s + ttl_s);
            let mut response = found(token.into_bytes());
            response.headers_mut().insert(HeaderName::from_static(TTL_HEADER), HeaderValue::from(ttl_s));
            response
        }
        _ => refuse(StatusCode::BAD_REQUEST),
    }
}

fn get(ask: &Ask<'_>, instance: &Instance, tokens: &Tokens) -> Response<Full<Bytes>> {
    let token = ask.headers.get(TOKEN_HEADER).map(|value| value.to_str().unwrap_or_default());
    let fine = match token {
        Some(token) => tokens.holds(instance.id.as_str(), token, ask.now_s),
        None => !instance.metadata.token_required,
    };
    if !fine {
        return refuse(StatusCode::UNAUTHORIZED);
    }
    match tree::look_up(&instance.metadata, ask.path) {
        Some(bytes) => found(bytes),
        None => refuse(StatusCode::NOT_FOUND),
    }
}

fn found(bytes: Vec<u8>) -> Response<Full<Bytes>> {
    reply(StatusCode::OK, "text/plain", Bytes::from(bytes))
}

/// Errors look like those of EC2.
fn refuse(status: StatusCode) -> Response<Full<Bytes>> {
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
         \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
         <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    reply(status, "text/html", Bytes::from(page))
}

fn reply(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(SERVER, HeaderValue::from_static("EC2ws"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::testing;

    struct World {
        instance: Instance,
        tokens: Tokens,
        _dir: tempfile::TempDir,
    }

    fn world(token_required: bool) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut instance = testing::instance(4);
        instance.metadata.token_required = token_required;
        instance.metadata.leaves.insert("meta-data/instance-id".into(), instance.id.to_string());
        World { instance, tokens: Tokens::open(&dir.path().join("key")).unwrap(), _dir: dir }
    }

    impl World {
        fn ask(&self, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Response<Full<Bytes>> {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
            let headers: HeaderMap = headers.collect();
            let ask = Ask { method: &method, path, headers: &headers, now_s: 1000 };
            answer(&ask, Some(&self.instance), &self.tokens)
        }
    }

    async fn text(response: Response<Full<Bytes>>) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_token_opens_what_is_closed_without_one() {
        let world = world(true);
        let path = "/latest/meta-data/instance-id";
        assert_eq!(world.ask(Method::GET, path, &[]).status(), 401);
        let token = text(world.ask(Method::PUT, TOKEN_PATH, &[(TTL_HEADER, "60")])).await;
        let id = text(world.ask(Method::GET, path, &[(TOKEN_HEADER, &token)])).await;
        assert_eq!(id, world.instance.id.as_str());
        assert_eq!(world.ask(Method::GET, path, &[(TOKEN_HEADER, "AAAA")]).status(), 401);
    }

    #[test]
    fn version_one_answers_unless_tokens_are_required_but_never_a_wrong_token() {
        let world = world(false);
        assert_eq!(world.ask(Method::GET, "/latest/meta-data/", &[]).status(), 200);
        assert_eq!(world.ask(Method::HEAD, "/latest/meta-data/instance-id", &[]).status(), 200);
        assert_eq!(world.ask(Method::GET, "/latest/meta-data/", &[(TOKEN_HEADER, "x")]).status(), 401);
        assert_eq!(world.ask(Method::GET, "/latest/user-data", &[]).status(), 404);
        assert_eq!(world.ask(Method::POST, "/latest/meta-data/", &[]).status(), 405);
    }

    #[test]
    fn tokens_are_refused_without_a_fair_time_and_through_proxies() {
        let world = world(true);
        for headers in [&[][..], &[(TTL_HEADER, "0")], &[(TTL_HEADER, "21601")], &[(TTL_HEADER, "x")]] {
            assert_eq!(world.ask(Method::PUT, TOKEN_PATH, headers).status(), 400);
        }
        let forwarded = [(TTL_HEADER, "60"), (FORWARDED_HEADER, "10.0.0.1")];
        assert_eq!(world.ask(Method::PUT, TOKEN_PATH, &forwarded).status(), 403);
    }

    #[test]
    fn a_closed_endpoint_refuses_and_a_stranger_finds_nothing() {
        let mut world = world(false);
        world.instance.metadata.enabled = false;
        assert_eq!(world.ask(Method::GET, "/latest/", &[]).status(), 403);
        let ask = Ask { method: &Method::GET, path: "/latest/", headers: &HeaderMap::new(), now_s: 0 };
        assert_eq!(answer(&ask, None, &world.tokens).status(), 404);
    }
}
