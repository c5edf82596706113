//! A small signed client of the public API, for the operator's tasks: what they do, anyone's own script could do.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use axum::body::Body;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::config::Config;
use crate::{Failure, env};

/// Characters that a query or a path carries as they are.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// An answer may be this big.
const MAX_ANSWER: usize = 16 << 20;

/// Talks to the running cloud as its administrator.
pub struct Client {
    endpoint: Uri,
    region: String,
    credentials: Credentials,
    tls: Option<TlsConnector>,
}

/// An answer, read whole.
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: hyper::HeaderMap,
    /// XML.
    pub body: String,
}

impl Client {
    /// A client for the cloud of this configuration.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let admin = env::admin(config)?;
        Ok(Client {
            endpoint: env::endpoint(config)?.parse()?,
            region: config.region.clone(),
            credentials: Credentials::new(admin.access_key_id, admin.secret_access_key, None, None, "murus"),
            tls: config.gateway.tls.as_ref().map(connector).transpose()?,
        })
    }

    /// Calls an action of EC2 and gives its XML.
    pub async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        self.query("ec2", "2016-11-15", action, parameters).await
    }

    /// Calls an action of IAM, or one of the operator's own, and gives its XML.
    pub async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        self.query("iam", "2010-05-08", action, parameters).await
    }

    async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let form: Vec<String> = [("Action", action), ("Version", version)]
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        let form = form.join("&");
        let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(service, request, Payload::Text(form)).await?;
        answer.success(action)
    }

    /// Sends an S3 request.
    pub async fn s3(&self, method: &str, path: &str, payload: Payload) -> Result<Answer, Failure> {
        self.send("s3", Request::builder().method(method).uri(path), payload).await
    }

    async fn send(
        &self,
        service: &str,
        request: hyper::http::request::Builder,
        payload: Payload,
    ) -> Result<Answer, Failure> {
        let authority = self.endpoint.authority().ok_or("the endpoint has no host")?.to_string();
        let mut request = request.header("host", authority).body(())?;
        self.sign(service, &mut request, &payload)?;
        let request = match payload {
            Payload::Text(text) => request.map(|()| Body::from(text)),
            Payload::Stream { length, body } => {
                request.headers_mut().insert("content-length", length.into());
                request.map(|()| body)
            }
        };
        let response = self.exchange(request).await?;
        let (head, body) = response.into_parts();
        let bytes = kit::http::read_body(Body::new(body), MAX_ANSWER).await?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    fn sign(&self, service: &str, request: &mut Request<()>, payload: &Payload) -> Result<(), Failure> {
        let mut settings = SigningSettings::default();
        if service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()?
            .into();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = match payload {
            Payload::Text(text) => SignableBody::Bytes(text.as_bytes()),
            Payload::Stream { .. } => SignableBody::UnsignedPayload,
        };
        let url = format!("{}{}", self.endpoint.to_string().trim_end_matches('/'), request.uri());
        let signable = SignableRequest::new(
            request.method().as_str(),
            url,
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            body,
        )?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }

    async fn exchange(
        &self,
        request: Request<Body>,
    ) -> Result<hyper::Response<hyper::body::Incoming>, Failure> {
        let host = self.endpoint.host().ok_or("the endpoint has no host")?.to_owned();
        let port = self.endpoint.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
            .await
            .map_err(|error| format!("{}: {error}. Is the cloud running?", self.endpoint))?;
        stream.set_nodelay(true)?;
        let stream: Pin<Box<dyn Stream>> = match &self.tls {
            None => Box::pin(stream),
            Some(tls) => Box::pin(tls.connect(ServerName::try_from(host)?, stream).await?),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// What a request carries.
pub enum Payload {
    /// Text, covered by the signature.
    Text(String),
    /// Bytes as they come, not covered by it.
    Stream {
        /// How many.
        length: u64,
        /// Where they come from.
        body: Body,
    },
}

impl Answer {
    /// The body of a success, the error's own words otherwise.
    pub fn success(self, what: &str) -> Result<String, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let said = match (text_of(&self.body, "Code"), text_of(&self.body, "Message")) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => self.status.to_string(),
        };
        Err(format!("{what}: {said}").into())
    }
}

/// The text of the first element of this name.
pub fn text_of(xml: &str, name: &str) -> Option<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut inside = false;
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) if tag.local_name().as_ref() == name => inside = true,
            Event::End(tag) if tag.local_name().as_ref() == name => return Some(text),
            Event::Empty(tag) if tag.local_name().as_ref() == name => return Some(text),
            Event::Text(part) if inside => text.push_str(&part),
            Event::GeneralRef(part) if inside => match part.as_ref() {
                "amp" => text.push('&'),
                "lt" => text.push('<'),
                "gt" => text.push('>'),
                "quot" => text.push('"'),
                "apos" => text.push('\''),
                _ => {}
            },
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// What stands inside each element of this name, markup and all; the elements must not lie in one another.
pub fn texts_of(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close));
    inside.map(|(inside, _)| inside.to_owned()).collect()
}

fn connector(tls: &kit::tls::TlsConfig) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(tls.ca_bundle.as_ref().unwrap_or(&tls.certificate))? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_of_a_name_is_found() {
        let xml = "<R xmlns=\"x\"><a/><b>1 &lt; 2</b><b>3</b></R>";
        assert_eq!(text_of(xml, "b").as_deref(), Some("1 < 2"));
        assert_eq!(text_of(xml, "a").as_deref(), Some(""));
        assert_eq!(text_of(xml, "c"), None);
    }
}
