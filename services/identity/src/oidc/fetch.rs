//! One document from an issuer: GET over HTTPS, no redirect, bounded in size and time, and never from an address that
//! belongs to this host or link. Names are resolved once and the checked address is the one that is connected to.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::tls::Trust;

/// A document must be there within this.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches documents.
pub struct Fetcher {
    trust: Trust,
    loopback: bool,
}

impl Fetcher {
    /// A fetcher that trusts the certificate authorities in this bundle.
    pub fn new(ca_bundle: &Path, loopback: bool) -> Self {
        Fetcher { trust: Trust::new(ca_bundle), loopback }
    }

    /// The document at this URL; the server's certificate hangs on a known authority or one of these thumbprints.
    pub async fn get(&self, url: &str, thumbprints: &[String], limit: usize) -> Result<Vec<u8>, String> {
        let fetch = self.fetch(url, thumbprints, limit);
        let named = |why: String| format!("{url}: {why}");
        match tokio::time::timeout(TIMEOUT, fetch).await {
            Ok(result) => result.map_err(named),
            Err(_) => Err(named("no answer in time".into())),
        }
    }

    async fn fetch(&self, url: &str, thumbprints: &[String], limit: usize) -> Result<Vec<u8>, String> {
        let uri: Uri = url.parse().map_err(|_| "this is no URL")?;
        let host = uri.host().ok_or("there is no host in it")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") if self.loopback => true,
            _ => return Err("only https is spoken".into()),
        };
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let stream = self.connect(&host, port, plain).await?;
        match plain {
            true => exchange(stream, &uri, limit).await,
            false => exchange(self.trust.connect(&host, thumbprints, stream).await?, &uri, limit).await,
        }
    }

    async fn connect(&self, host: &str, port: u16, plain: bool) -> Result<TcpStream, String> {
        let found = tokio::net::lookup_host((host, port)).await.map_err(|error| error.to_string())?;
        let allowed: Vec<SocketAddr> =
            found.filter(|address| may_be_asked(address.ip(), self.loopback, plain)).collect();
        let mut why = "it has no address that may be asked".to_owned();
        for address in allowed {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }
}

/// Whether an issuer may be at this address. Over plain HTTP it is on this host or nowhere.
fn may_be_asked(address: IpAddr, loopback: bool, plain: bool) -> bool {
    let address = address.to_canonical();
    if address.is_loopback() {
        return loopback;
    }
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !plain && !link_local && !address.is_multicast() && !address.is_unspecified()
}

async fn exchange<S>(stream: S, uri: &Uri, limit: usize) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| error.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // ends with the exchange, for the sender is dropped then
    let driven = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "murus")
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(failed)?;
    if response.status() != StatusCode::OK {
        return Err(format!("it answered {}", response.status().as_u16()));
    }
    let mut body = response.into_body();
    let mut document = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(failed)?.into_data() {
            if document.len() + data.len() > limit {
                driven.abort();
                return Err(format!("it is longer than {limit} bytes"));
            }
            document.extend_from_slice(&data);
        }
    }
    driven.abort();
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_host_and_link_are_not_asked() {
        let asked = |address: &str, loopback, plain| may_be_asked(address.parse().unwrap(), loopback, plain);
        for ours in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(!asked(ours, false, false), "{ours}");
        }
        assert!(asked("192.0.2.1", false, false) && asked("10.1.2.3", false, false));
        assert!(asked("127.0.0.1", true, true) && asked("::1", true, false));
        assert!(!asked("192.0.2.1", true, true), "plain HTTP leaves this host");
        assert!(!asked("169.254.169.254", true, false));
    }

    #[tokio::test]
    async fn only_https_is_spoken() {
        let fetcher = Fetcher::new(Path::new("/nonexistent"), false);
        for url in [
            "http://192.0.2.1/",
            "ftp://192.0.2.1/",
            "file:///etc/passwd",
            "nonsense",
            "https://127.0.0.1:1/",
        ] {
            assert!(fetcher.get(url, &[], 10).await.is_err(), "{url}");
        }
    }
}
