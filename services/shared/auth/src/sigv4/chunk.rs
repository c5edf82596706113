//! Signatures of the chunks and the trailer of an aws-chunked body, each chained to the one before.

use super::hash::push_hex;
use super::{EMPTY_SHA256, SigError, SigV4, SigningKey, unhex};

/// Follows the chain of chunk signatures from the request's own, which must have been verified.
pub struct ChunkVerifier {
    key: SigningKey,
    /// `timestamp \n scope \n`, common to every string to sign.
    context: Vec<u8>,
    previous: [u8; 32],
    text: Vec<u8>,
}

impl ChunkVerifier {
    /// Starts the chain. `sig` is the verified signature of the request and `key` the key it was verified with.
    pub fn new(sig: &SigV4, key: &SigningKey) -> Self {
        let mut context = Vec::with_capacity(80);
        super::verify::push_context(&mut context, sig);
        let previous = unhex(sig.signature.as_bytes()).unwrap_or_default();
        ChunkVerifier { key: key.clone(), context, previous, text: Vec::with_capacity(320) }
    }

    /// Checks the next chunk, the empty last one included. `sha256` is of the chunk's data alone.
    pub fn verify_chunk(&mut self, signature: &str, sha256: &[u8; 32]) -> Result<(), SigError> {
        self.check("AWS4-HMAC-SHA256-PAYLOAD\n", Some(EMPTY_SHA256), signature, sha256)
    }

    /// Checks the trailer after the last chunk. `sha256` is of its [`canonical_trailer`].
    pub fn verify_trailer(&mut self, signature: &str, sha256: &[u8; 32]) -> Result<(), SigError> {
        self.check("AWS4-HMAC-SHA256-TRAILER\n", None, signature, sha256)
    }

    fn check(
        &mut self,
        algorithm: &str,
        fixed: Option<&str>,
        signature: &str,
        sha256: &[u8; 32],
    ) -> Result<(), SigError> {
        let text = &mut self.text;
        text.clear();
        text.extend_from_slice(algorithm.as_bytes());
        text.extend_from_slice(&self.context);
        push_hex(text, &self.previous);
        text.push(b'\n');
        if let Some(fixed) = fixed {
            text.extend_from_slice(fixed.as_bytes());
            text.push(b'\n');
        }
        push_hex(text, sha256);
        let presented = unhex(signature.as_bytes()).ok_or(SigError::ChunkSignatureMismatch)?;
        if !self.key.matches(text, &presented) {
            return Err(SigError::ChunkSignatureMismatch);
        }
        self.previous = presented;
        Ok(())
    }
}

/// The form in which trailing headers are hashed: `name:value\n` each, lower-case, trimmed, in order of name.
pub fn canonical_trailer(trailers: &[(&str, &str)]) -> Vec<u8> {
    let mut lines: Vec<(String, &str)> =
        trailers.iter().map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())).collect();
    lines.sort();
    let mut out = Vec::new();
    for (name, value) in lines {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    out
}
