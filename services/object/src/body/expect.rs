//! What a request says of its body: how long it is, how it is framed, and the digests it must have.

use api_spec::{ApiError, ErrorCode};
use auth::sigv4::{ChunkVerifier, Payload, unhex};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit::Caller;

use crate::domain::checksum::Algorithm;
use crate::error::Error;

/// What a body must be.
pub struct Expected {
    /// Bytes of content.
    pub length: u64,
    /// Whether that is only the most there can be.
    pub at_most: bool,
    /// Framing.
    pub framing: Framing,
    /// SHA-256 that the signature covers.
    pub sha256: Option<[u8; 32]>,
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// A checksum from a header.
    pub checksum: Option<(Algorithm, Vec<u8>)>,
    /// The algorithm whose value comes in the trailer.
    pub trailer: Option<Algorithm>,
}

/// How content is put into the body.
pub enum Framing {
    /// As it is.
    Plain,
    /// aws-chunked; the second field says whether the trailer is signed.
    Chunked(Option<Box<ChunkVerifier>>, bool),
}

impl Expected {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// For a missing length, malformed digests, or too much.
    pub fn of(headers: &HeaderMap, caller: &Caller, limit: u64) -> Result<Expected, Error> {
        let payload = payload(headers, caller)?;
        let length = length(headers, payload)?;
        if length > limit {
            return Err(Error::EntityTooLarge { size: length, limit });
        }
        let checksum = checksum_header(headers)?;
        let trailer = trailer(headers, payload)?;
        if checksum.is_some() && trailer.is_some() {
            return Err(multiple());
        }
        let named = text(headers, "x-amz-sdk-checksum-algorithm");
        if named.is_some() && checksum.is_none() && trailer.is_none() && md5_header(headers)?.is_none() {
            return Err(Error::InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
                 headers were found."
                    .into(),
            ));
        }
        Ok(Expected {
            length,
            at_most: false,
            framing: framing(payload, caller)?,
            sha256: match payload {
                Payload::Sha256(digest) => Some(digest.bytes()),
                _ => None,
            },
            md5: md5_header(headers)?,
            checksum,
            trailer,
        })
    }
}

impl Expected {
    /// What the fields of a form say, as headers, of its file, which has at most `room` bytes.
    ///
    /// # Errors
    /// For malformed digests, and an algorithm that comes without its checksum.
    pub fn of_form(headers: &HeaderMap, room: u64) -> Result<Expected, Error> {
        let checksum = checksum_header(headers)?;
        for name in ["x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"] {
            let Some(named) = text(headers, name) else { continue };
            let given = checksum.as_ref().map(|(algorithm, _)| *algorithm);
            if given.is_none() || Algorithm::of(named) != given {
                return Err(Error::InvalidRequest(format!(
                    "{name} specified, but no corresponding x-amz-checksum-* field was found."
                )));
            }
        }
        Ok(Expected { at_most: true, md5: md5_header(headers)?, checksum, ..Expected::of_ours(room) })
    }

    /// Content that comes from ourselves.
    pub fn of_ours(length: u64) -> Expected {
        Expected {
            length,
            at_most: false,
            framing: Framing::Plain,
            sha256: None,
            md5: None,
            checksum: None,
            trailer: None,
        }
    }
}

fn payload(headers: &HeaderMap, caller: &Caller) -> Result<Payload, Error> {
    if let Some(signature) = &caller.signature {
        return Ok(signature.sig.payload);
    }
    match text(headers, "x-amz-content-sha256") {
        None | Some("UNSIGNED-PAYLOAD") => Ok(Payload::Unsigned),
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => Ok(Payload::StreamingUnsignedTrailer),
        Some(other) => match auth::sigv4::HexDigest::parse(other.as_bytes()) {
            Some(digest) => Ok(Payload::Sha256(digest)),
            None => Err(Error::argument(
                "x-amz-content-sha256",
                other,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, or a valid \
                 sha256 value.",
            )),
        },
    }
}

fn framing(payload: Payload, caller: &Caller) -> Result<Framing, Error> {
    let verifier = || match (&caller.signature, caller.holder()) {
        (Some(signature), Some(holder)) => {
            Ok(Box::new(ChunkVerifier::new(&signature.sig, &holder.signing_key)))
        }
        _ => Err(Error::Api(Box::new(ApiError::new(
            ErrorCode::AccessDenied,
            "Signed chunks need a signed request",
        )))),
    };
    Ok(match payload {
        Payload::Body | Payload::Sha256(_) | Payload::Unsigned => Framing::Plain,
        Payload::StreamingUnsignedTrailer => Framing::Chunked(None, false),
        Payload::StreamingSigned => Framing::Chunked(Some(verifier()?), false),
        Payload::StreamingSignedTrailer => Framing::Chunked(Some(verifier()?), true),
    })
}

fn length(headers: &HeaderMap, payload: Payload) -> Result<u64, Error> {
    let name = match payload.is_streaming() {
        true => "x-amz-decoded-content-length",
        false => header::CONTENT_LENGTH.as_str(),
    };
    let value = text(headers, name).ok_or(Error::MissingContentLength)?;
    value.trim().parse().map_err(|_| Error::argument(name, value, "The length is not a number"))
}

/// `Content-MD5`, decoded.
pub fn md5_header(headers: &HeaderMap) -> Result<Option<[u8; 16]>, Error> {
    let Some(value) = headers.get("content-md5") else { return Ok(None) };
    let invalid = || Error::InvalidDigest(String::from_utf8_lossy(value.as_bytes()).into_owned());
    let raw = STANDARD.decode(value.as_bytes().trim_ascii()).map_err(|_| invalid())?;
    raw.try_into().map(Some).map_err(|_| invalid())
}

/// The one `x-amz-checksum-*` header that carries a value.
pub fn checksum_header(headers: &HeaderMap) -> Result<Option<(Algorithm, Vec<u8>)>, Error> {
    let mut found = None;
    for (name, value) in headers {
        let name = name.as_str();
        let Some(kind) = name.strip_prefix("x-amz-checksum-") else { continue };
        if ["mode", "algorithm", "type"].contains(&kind) {
            continue;
        }
        let algorithm =
            Algorithm::of_header(name).ok_or_else(|| Error::NotImplementedHeader(name.to_owned()))?;
        let raw = value.to_str().ok().and_then(|value| algorithm.decode(value));
        let raw = raw.ok_or_else(|| invalid_value(name))?;
        if found.replace((algorithm, raw)).is_some() {
            return Err(multiple());
        }
    }
    Ok(found)
}

/// A checksum whose value cannot be one.
pub fn invalid_value(name: &str) -> Error {
    Error::InvalidRequest(format!("Value for {name} header is invalid."))
}

fn multiple() -> Error {
    Error::InvalidRequest(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.".into(),
    )
}

fn trailer(headers: &HeaderMap, payload: Payload) -> Result<Option<Algorithm>, Error> {
    let Some(names) = text(headers, "x-amz-trailer") else { return Ok(None) };
    if !payload.is_streaming() {
        return Err(Error::InvalidRequest("The x-amz-trailer header needs a streaming payload".into()));
    }
    let unknown = || {
        Error::InvalidRequest(format!(
            "The value specified in the x-amz-trailer header is not supported: {names}"
        ))
    };
    Algorithm::of_header(names.trim()).map(Some).ok_or_else(unknown)
}

/// Whether a declared SHA-256 (64 hex digits) is that of these bytes.
pub fn same_sha256(declared: &str, data: &[u8]) -> bool {
    unhex(declared.as_bytes()) == Some(auth::sigv4::sha256(data))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
