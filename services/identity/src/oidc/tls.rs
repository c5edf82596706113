//! Whose certificate an issuer may show: one that hangs on the host's certificate authorities, or, as AWS does it, on a
//! certificate of its own chain whose SHA-1 the provider was registered with.

use std::path::Path;
use std::sync::Arc;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring as crypto, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// What the host trusts.
pub struct Trust {
    authorities: Arc<RootCertStore>,
    crypto: Arc<CryptoProvider>,
}

impl Trust {
    /// The authorities of a PEM bundle; without one only thumbprints count.
    pub fn new(bundle: &Path) -> Self {
        let mut authorities = RootCertStore::empty();
        match CertificateDer::pem_file_iter(bundle) {
            Ok(certificates) => {
                authorities.add_parsable_certificates(certificates.flatten());
            }
            Err(error) => {
                tracing::warn!(bundle = %bundle.display(), %error, "no certificate authorities for identity providers");
            }
        }
        Trust { authorities: Arc::new(authorities), crypto: Arc::new(crypto::default_provider()) }
    }

    /// TLS with a server that proves to be `host`.
    pub async fn connect(
        &self,
        host: &str,
        thumbprints: &[String],
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let verifier = Verifier {
            authorities: Arc::clone(&self.authorities),
            crypto: Arc::clone(&self.crypto),
            thumbprints: thumbprints.to_vec(),
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.crypto))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| error.to_string())
    }
}

/// Verifies as the web does, with more roots for whoever registered them.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<RootCertStore>,
    crypto: Arc<CryptoProvider>,
    thumbprints: Vec<String>,
}

impl Verifier {
    fn is_registered(&self, certificate: &CertificateDer<'_>) -> bool {
        let sha1 = auth::sigv4::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref());
        self.thumbprints.contains(&sha1)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut roots = RootCertStore::clone(&self.authorities);
        let chain = std::iter::once(end_entity).chain(intermediates);
        roots.add_parsable_certificates(
            chain.filter(|one| self.is_registered(one)).cloned().map(CertificateDer::into_owned),
        );
        if roots.is_empty() {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.crypto))
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}
