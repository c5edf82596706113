//! Server certificates: PEM as it was uploaded, checked against its private key and its chain. The private key is kept
//! sealed, and never shown again.

use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::crypto::ring as crypto;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::arn;
use super::seal::Secret;
use crate::error::Error;

/// Begins a section of PEM.
const BEGIN: &str = "-----BEGIN ";

/// A server certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// Account it belongs to.
    pub account: String,
    /// `ASCA...`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// When it was uploaded.
    pub uploaded: Timestamp,
    /// When its validity ends.
    pub expires: Timestamp,
    /// The certificate, PEM.
    pub body: String,
    /// The certificates that it hangs on, the nearest first, PEM.
    pub chain: Option<String>,
    /// The private key, PEM, sealed.
    pub sealed_key: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl ServerCertificate {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::server_certificate(&self.account, &self.path, &self.name)
    }

    /// What the private key of the certificate of this id is sealed for.
    pub fn seal_owner(id: &str) -> String {
        format!("server certificate {id}")
    }
}

/// Checks a certificate with its private key and its chain, and tells when its validity ends.
pub fn check(body: &str, key: &Secret, chain: Option<&str>, now: Timestamp) -> Result<Timestamp, Error> {
    let certificates = parse(body)?;
    let [certificate] = certificates.as_slice() else { return Err(unparsable()) };
    must_match(certificate, key)?;
    if let Some(chain) = chain {
        let links = parse(chain).map_err(|_| broken_chain(0))?;
        must_be_chained(certificate, &links)?;
    }
    let validity = certificate.tbs_certificate().validity();
    let moment = |time: &x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| unparsable())?;
        Timestamp::from_second(seconds).map_err(|_| unparsable())
    };
    let (begins, expires) = (moment(&validity.not_before)?, moment(&validity.not_after)?);
    if now < begins {
        return Err(malformed(
            "Certificate is not valid yet. The 'Not Before' date restriction on the certificate has not passed.",
        ));
    }
    if now > expires {
        return Err(malformed(
            "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed.",
        ));
    }
    Ok(expires)
}

fn malformed(why: &str) -> Error {
    Error::MalformedCertificate(why.to_owned())
}

fn unparsable() -> Error {
    malformed("Unable to parse certificate. Please ensure the certificate is in PEM format.")
}

/// The certificates of a text, which holds nothing else: a key among them would be shown to all who may see them.
fn parse(text: &str) -> Result<Vec<Certificate>, Error> {
    let sections: Result<Vec<CertificateDer<'_>>, _> =
        CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let sections = sections.map_err(|_| unparsable())?;
    if sections.is_empty() || sections.len() != text.matches(BEGIN).count() {
        return Err(unparsable());
    }
    sections.iter().map(|der| Certificate::from_der(der).map_err(|_| unparsable())).collect()
}

/// Refuses a key that is none, or another's.
fn must_match(certificate: &Certificate, key: &Secret) -> Result<(), Error> {
    let unusable = || {
        malformed(
            "Unable to parse private key. It must be in PEM format, not encrypted, and RSA (2048 to 8192 bits), ECDSA (P-256 or P-384) or Ed25519.",
        )
    };
    let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(|_| unusable())?;
    let key = crypto::sign::any_supported_type(&key).map_err(|_| unusable())?;
    let public = key.public_key().ok_or_else(unusable)?;
    let certified =
        certificate.tbs_certificate().subject_public_key_info().to_der().map_err(|_| unparsable())?;
    match certified == public.as_ref() {
        true => Ok(()),
        false => Err(Error::KeyPairMismatch),
    }
}

fn broken_chain(index: usize) -> Error {
    Error::MalformedCertificate(format!(
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: {index}"
    ))
}

/// Each certificate must be signed by the next.
fn must_be_chained(certificate: &Certificate, links: &[Certificate]) -> Result<(), Error> {
    let signed = std::iter::once(certificate).chain(links);
    for (index, (signed, issuer)) in signed.zip(links).enumerate() {
        if !is_signed_by(signed, issuer).unwrap_or(false) {
            return Err(broken_chain(index));
        }
    }
    Ok(())
}

/// Whether a certificate names another as its issuer and bears its signature; none when either cannot be read.
fn is_signed_by(signed: &Certificate, issuer: &Certificate) -> Option<bool> {
    if signed.tbs_certificate().issuer() != issuer.tbs_certificate().subject() {
        return Some(false);
    }
    let (content, issuer_key) =
        (signed.tbs_certificate().to_der().ok()?, issuer.tbs_certificate().subject_public_key_info());
    let algorithm = signed.signature_algorithm().to_der().ok()?;
    let key_algorithm = issuer_key.algorithm.to_der().ok()?;
    let (signature, key) = (signed.signature().as_bytes()?, issuer_key.subject_public_key.as_bytes()?);
    let known = crypto::default_provider().signature_verification_algorithms.all;
    let fitting = known.iter().filter(|known| {
        contents(&algorithm) == Some(known.signature_alg_id().as_ref())
            && contents(&key_algorithm) == Some(known.public_key_alg_id().as_ref())
    });
    Some(fitting.into_iter().any(|known| known.verify_signature(key, &content, signature).is_ok()))
}

/// What a DER sequence of less than 128 bytes holds, which those that name algorithms are.
fn contents(sequence: &[u8]) -> Option<&[u8]> {
    match sequence {
        [0x30, length, contents @ ..] if usize::from(*length) == contents.len() => Some(contents),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RSA: &str = include_str!("../../tests/certificates/rsa.crt");
    const RSA_KEY: &str = include_str!("../../tests/certificates/rsa.key");
    const RSA_PKCS8: &str = include_str!("../../tests/certificates/rsa-pkcs8.key");
    const EC: &str = include_str!("../../tests/certificates/ec.crt");
    const EC_KEY: &str = include_str!("../../tests/certificates/ec.key");
    const ENCRYPTED: &str = include_str!("../../tests/certificates/encrypted.key");
    const OLD: &str = include_str!("../../tests/certificates/old.crt");
    const EARLY: &str = include_str!("../../tests/certificates/early.crt");
    const MIDDLE: &str = include_str!("../../tests/certificates/middle.crt");
    const ROOT: &str = include_str!("../../tests/certificates/root.crt");

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    fn checked(body: &str, key: &str, chain: Option<&str>) -> Result<Timestamp, Error> {
        check(body, &Secret::new(key.into()), chain, now())
    }

    fn is_malformed(checked: Result<Timestamp, Error>) -> bool {
        matches!(checked, Err(Error::MalformedCertificate(_)))
    }

    #[test]
    fn a_certificate_with_its_own_key_tells_when_it_expires() {
        let expires: Timestamp = "2120-01-01T00:00:00Z".parse().unwrap();
        for (body, key) in [(RSA, RSA_KEY), (RSA, RSA_PKCS8), (EC, EC_KEY)] {
            assert_eq!(checked(body, key, None), Ok(expires));
        }
        assert_eq!(checked(RSA, EC_KEY, None), Err(Error::KeyPairMismatch));
        assert_eq!(checked(MIDDLE, EC_KEY, None), Err(Error::KeyPairMismatch), "of the same kind, too");
    }

    #[test]
    fn what_is_not_one_certificate_and_one_open_key_is_malformed() {
        let two = format!("{EC}{MIDDLE}");
        let with_key = format!("{EC}{EC_KEY}");
        let cut = &EC[..EC.len() / 2];
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for body in ["", "no certificate", &two, &with_key, cut, garbage, EC_KEY] {
            assert!(is_malformed(checked(body, EC_KEY, None)), "{body}");
        }
        for key in ["", "no key", ENCRYPTED, EC, &EC_KEY[..EC_KEY.len() / 2]] {
            assert!(is_malformed(checked(EC, key, None)), "{key}");
        }
    }

    #[test]
    fn its_time_must_have_come_and_not_be_over() {
        assert!(is_malformed(checked(OLD, EC_KEY, None)));
        assert!(is_malformed(checked(EARLY, EC_KEY, None)));
    }

    #[test]
    fn a_chain_goes_from_the_signer_upwards() {
        let whole = format!("{MIDDLE}{ROOT}");
        for chain in [MIDDLE, whole.as_str()] {
            assert!(checked(EC, EC_KEY, Some(chain)).is_ok());
        }
        let at = |index: usize| Err(broken_chain(index));
        assert_eq!(checked(EC, EC_KEY, Some(ROOT)), at(0));
        assert_eq!(checked(EC, EC_KEY, Some(&format!("{ROOT}{MIDDLE}"))), at(0));
        assert_eq!(checked(EC, EC_KEY, Some(&format!("{MIDDLE}{MIDDLE}"))), at(1));
        assert_eq!(checked(EC, EC_KEY, Some(&format!("{MIDDLE}{EC_KEY}"))), at(0), "a key is no link");
        assert!(is_malformed(checked(EC, EC_KEY, Some("no chain"))));
    }

    #[test]
    fn a_signature_that_was_touched_breaks_the_chain() {
        let [signed, issuer] = [EC, MIDDLE].map(|text| parse(text).unwrap().remove(0));
        assert_eq!(is_signed_by(&signed, &issuer), Some(true));
        let mut der = signed.to_der().unwrap();
        *der.last_mut().unwrap() ^= 1;
        let touched = Certificate::from_der(&der).unwrap();
        assert_eq!(is_signed_by(&touched, &issuer), Some(false));
        assert_eq!(is_signed_by(&issuer, &signed), Some(false));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(body in "\\PC{0,200}", der in prop::collection::vec(any::<u8>(), 0..300)) {
            use base64::Engine as _;
            let _ = checked(&body, &body, Some(&body));
            let base64 = base64::engine::general_purpose::STANDARD.encode(der);
            let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
            let _ = checked(&pem, EC_KEY, Some(&pem));
        }
    }
}
