//! Reads the credentials that a request carries, without believing any of them.

use super::hash::HexDigest;
use super::{ALGORITHM, Carrier, MAX_EXPIRES_S, Payload, Presented, RequestParts, Scope, SigError, SigV4};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::borrow::Cow;

/// What credentials the request presents: none, a signed header or a presigned query.
///
/// # Errors
/// Every malformation has its own [`SigError`]; two mechanisms at once are refused.
pub fn parse(parts: RequestParts<'_>) -> Result<Presented, SigError> {
    let query = QueryAuth::collect(parts.query)?;
    let mut headers = parts.values("authorization");
    match (headers.next(), headers.next(), query) {
        (None, _, None) => Ok(Presented::None),
        (None, _, Some(query)) => query.into_sigv4(&parts).map(Presented::Query),
        (Some(_), _, Some(_)) => Err(SigError::MultipleMechanisms),
        (Some(_), Some(_), None) => Err(SigError::MalformedAuthorization("it is given more than once")),
        (Some(header), None, None) => parse_header(header, &parts).map(Presented::Header),
    }
}

fn parse_header(header: &[u8], parts: &RequestParts<'_>) -> Result<SigV4, SigError> {
    let header =
        std::str::from_utf8(header).map_err(|_| SigError::MalformedAuthorization("it is not text"))?.trim();
    let (scheme, fields) = header.split_once([' ', '\t']).unwrap_or((header, ""));
    if scheme != ALGORITHM {
        return Err(SigError::UnsupportedAlgorithm(scheme.to_owned()));
    }
    let [mut credential, mut signed_headers, mut signature] = [None; 3];
    for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let (name, value) = field
            .split_once('=')
            .ok_or(SigError::MalformedAuthorization("expecting name=value pairs between commas"))?;
        let slot = match name.trim() {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(SigError::MalformedAuthorization("it has an unknown parameter")),
        };
        if slot.replace(value.trim()).is_some() {
            return Err(SigError::MalformedAuthorization("a parameter is given more than once"));
        }
    }
    let credential = credential.ok_or(SigError::MissingAuthorizationPart("Credential"))?;
    let signed_headers = signed_headers.ok_or(SigError::MissingAuthorizationPart("SignedHeaders"))?;
    let signature = signature.ok_or(SigError::MissingAuthorizationPart("Signature"))?;
    let (access_key_id, scope) = parse_credential(credential)?;
    Ok(SigV4 {
        access_key_id,
        scope,
        signed_headers: parse_signed_headers(signed_headers)?,
        signature: signature.to_owned(),
        timestamp: header_date(parts)?,
        session_token: header_token(parts)?,
        payload: header_payload(parts)?.unwrap_or(Payload::Body),
        expires_s: None,
        carrier: Carrier::Header,
    })
}

/// The parameters of a presigned request, decoded.
#[derive(Default)]
struct QueryAuth<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
    content_sha256: Option<Cow<'a, str>>,
    /// Signature Version 2 in the query, which is not read yet.
    version_2: bool,
}

impl<'a> QueryAuth<'a> {
    /// `None` when the query carries no credentials.
    fn collect(query: &'a str) -> Result<Option<Self>, SigError> {
        // Most queries are short and carry none.
        if !query.contains("X-Amz-") && !query.contains("AWSAccessKeyId") {
            return Ok(None);
        }
        let mut found = QueryAuth::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some((name, slot)) = found.slot(name) else { continue };
            let value =
                decode(value).ok_or(SigError::MalformedParameter { name, reason: "it is not text" })?;
            if slot.replace(value).is_some() {
                return Err(SigError::MalformedParameter { name, reason: "it is given more than once" });
            }
        }
        let any = found.version_2
            || found.algorithm.is_some()
            || found.credential.is_some()
            || found.signature.is_some();
        Ok(any.then_some(found))
    }

    fn slot(&mut self, name: &str) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
        Some(match name {
            "X-Amz-Algorithm" => ("X-Amz-Algorithm", &mut self.algorithm),
            "X-Amz-Credential" => ("X-Amz-Credential", &mut self.credential),
            "X-Amz-Date" => ("X-Amz-Date", &mut self.date),
            "X-Amz-Expires" => ("X-Amz-Expires", &mut self.expires),
            "X-Amz-SignedHeaders" => ("X-Amz-SignedHeaders", &mut self.signed_headers),
            "X-Amz-Signature" => ("X-Amz-Signature", &mut self.signature),
            "X-Amz-Security-Token" => ("X-Amz-Security-Token", &mut self.token),
            "X-Amz-Content-Sha256" => ("X-Amz-Content-Sha256", &mut self.content_sha256),
            "AWSAccessKeyId" => {
                self.version_2 = true;
                return None;
            }
            _ => return None,
        })
    }

    fn into_sigv4(self, parts: &RequestParts<'_>) -> Result<SigV4, SigError> {
        if self.version_2 && self.algorithm.is_none() {
            return Err(SigError::UnsupportedAlgorithm("AWS".to_owned()));
        }
        let algorithm = self.algorithm.ok_or(SigError::MissingParameter("X-Amz-Algorithm"))?;
        if algorithm != ALGORITHM {
            return Err(SigError::UnsupportedAlgorithm(algorithm.into_owned()));
        }
        let credential = self.credential.ok_or(SigError::MissingParameter("X-Amz-Credential"))?;
        let signature = self.signature.ok_or(SigError::MissingParameter("X-Amz-Signature"))?;
        let date = self.date.ok_or(SigError::MissingParameter("X-Amz-Date"))?;
        let signed_headers = self.signed_headers.ok_or(SigError::MissingParameter("X-Amz-SignedHeaders"))?;
        let (access_key_id, scope) = parse_credential(&credential)?;
        let payload = match self.content_sha256 {
            Some(value) => Some(parse_payload(value.as_bytes())?),
            None => header_payload(parts)?,
        };
        let session_token = match self.token {
            Some(token) => Some(token.into_owned()),
            None => header_token(parts)?,
        };
        Ok(SigV4 {
            expires_s: Some(parse_expires(self.expires.as_deref(), scope.is_s3())?),
            payload: payload.unwrap_or(if scope.is_s3() { Payload::Unsigned } else { Payload::Body }),
            access_key_id,
            scope,
            signed_headers: parse_signed_headers(&signed_headers)?,
            signature: signature.into_owned(),
            timestamp: parse_iso_basic(date.as_bytes())
                .ok_or_else(|| SigError::MalformedDate(date.into_owned()))?,
            session_token,
            carrier: Carrier::Query,
        })
    }
}

/// S3 demands the parameter; the others then take the 15 minutes that a header signature lives.
fn parse_expires(text: Option<&str>, required: bool) -> Result<u64, SigError> {
    match text {
        None if required => Err(SigError::MissingParameter("X-Amz-Expires")),
        None => Ok(900),
        Some(text) => text
            .parse()
            .ok()
            .filter(|expires| (1..=MAX_EXPIRES_S).contains(expires))
            .ok_or(SigError::MalformedExpires),
    }
}

/// The access key and the scope of `KEY/YYYYMMDD/REGION/SERVICE/aws4_request`.
///
/// # Errors
/// `MalformedCredential` for anything else.
pub fn parse_credential(text: &str) -> Result<(String, Scope), SigError> {
    let malformed = || SigError::MalformedCredential(text.to_owned());
    let mut parts = text.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or_else(malformed);
    let (key, date, region, service, end) = (next()?, next()?, next()?, next()?, next()?);
    let is_date = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
    if end != "aws4_request" || !is_date || parts.next().is_some() {
        return Err(malformed());
    }
    let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    Ok((key.to_owned(), scope))
}

fn parse_signed_headers(text: &str) -> Result<Vec<String>, SigError> {
    let malformed = || SigError::MalformedSignedHeaders(text.to_owned());
    let mut names: Vec<String> = Vec::with_capacity(8);
    for name in text.split(';') {
        let lower_case = name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase());
        if name.is_empty() || !lower_case || names.iter().any(|known| known == name) {
            return Err(malformed());
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// `X-Amz-Date`, or else `Date`.
fn header_date(parts: &RequestParts<'_>) -> Result<Timestamp, SigError> {
    let mut dates = parts.values("x-amz-date");
    let (date, second) = match dates.next() {
        Some(date) => (date, dates.next()),
        None => {
            let mut dates = parts.values("date");
            (dates.next().ok_or(SigError::MissingDate)?, dates.next())
        }
    };
    let malformed = || SigError::MalformedDate(String::from_utf8_lossy(date).into_owned());
    if second.is_some() {
        return Err(malformed());
    }
    let date = date.trim_ascii();
    parse_iso_basic(date).or_else(|| parse_http_date(date)).ok_or_else(malformed)
}

fn parse_http_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// `YYYYMMDD'T'HHMMSS'Z'`, and nothing else.
pub fn parse_iso_basic(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 16] = text.try_into().ok()?;
    if text[8] != b'T' || text[15] != b'Z' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0i16, |n, b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
    };
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    let time = DateTime::new(
        number(0..4)?,
        small(4..6)?,
        small(6..8)?,
        small(9..11)?,
        small(11..13)?,
        small(13..15)?,
        0,
    );
    Offset::UTC.to_timestamp(time.ok()?).ok()
}

fn header_token(parts: &RequestParts<'_>) -> Result<Option<String>, SigError> {
    let mut tokens = parts.values("x-amz-security-token");
    let Some(token) = tokens.next() else { return Ok(None) };
    if tokens.next().is_some() {
        return Err(SigError::MalformedToken);
    }
    let token = std::str::from_utf8(token).map_err(|_| SigError::MalformedToken)?;
    Ok(Some(token.trim().to_owned()))
}

fn header_payload(parts: &RequestParts<'_>) -> Result<Option<Payload>, SigError> {
    let mut values = parts.values("x-amz-content-sha256");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => parse_payload(value.trim_ascii()).map(Some),
        (Some(_), Some(second)) => {
            Err(SigError::MalformedContentSha256(String::from_utf8_lossy(second).into_owned()))
        }
    }
}

fn parse_payload(value: &[u8]) -> Result<Payload, SigError> {
    Ok(match value {
        b"UNSIGNED-PAYLOAD" => Payload::Unsigned,
        b"STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Payload::StreamingUnsignedTrailer,
        b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Payload::StreamingSigned,
        b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Payload::StreamingSignedTrailer,
        _ => match HexDigest::parse(value) {
            Some(digest) => Payload::Sha256(digest),
            None => {
                return Err(SigError::MalformedContentSha256(String::from_utf8_lossy(value).into_owned()));
            }
        },
    })
}

/// Percent-decodes a query value; `None` when the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        out.push(match (byte, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, tail @ ..]) => {
                rest = tail;
                super::hash::nibble(*high)? << 4 | super::hash::nibble(*low)?
            }
            _ => byte,
        });
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}
