//! A browser's form, read as far as its file: which fields it has, who signed its policy, and whether it keeps to it. Its
//! fields then stand for the headers of a PutObject.
//!
//! S3's order: the form's shape, the fields it must have, the signature over the policy as it was sent, the policy
//! itself, its end, its conditions, the fields that none is about. Without signature a form is anonymous.

use std::sync::Arc;

use auth::sigv4::{self, Carrier, Payload, SigV4, parse_credential, parse_iso_basic};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request};
use futures_util::{StreamExt, stream};
use kit::Caller;
use kit::caller::{FormSignature, authenticate_form};
use kit::request::Origin;

use super::exchange::Exchange;
use super::header_map::Headers;
use super::query::Query;
use super::route::{Operation, route};
use super::target::Target;
use crate::body::form::{Event, Parser, boundary};
use crate::domain::names::{MAX_KEY_BYTES, climbs_out, is_bucket_name};
use crate::domain::post_policy::{PostPolicy, Sizes, Submitted};
use crate::domain::upload::MAX_PUT_BYTES;
use crate::error::Error;
use crate::service::Service;
use crate::store::objects::Place;

/// A form may have so many bytes without the content of its file.
pub const MAX_FIELDS: u64 = 20 << 10;
/// The fields that sign a form by version 4, in the order in which a missing one is named.
const VERSION_4: [&str; 5] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature", "Policy"];
/// The same of version 2.
const VERSION_2: [&str; 3] = ["AWSAccessKeyId", "Signature", "Policy"];
/// Fields of these names need no condition.
const FREE_4: [&str; 3] = ["x-amz-signature", "file", "policy"];
const FREE_2: [&str; 4] = ["awsaccesskeyid", "signature", "file", "policy"];
/// Stands for the name of the file in any field.
const FILENAME: &str = "${filename}";
/// Headers of the request that count besides the fields.
const COUNT: [&str; 5] =
    ["host", "if-match", "if-none-match", "x-amz-expected-bucket-owner", "x-amz-request-payer"];
/// Fields that are headers of a PutObject under the same name, besides those that begin with `x-amz-`.
const PLAIN: [&str; 9] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
    "if-match",
    "if-none-match",
];
/// Fields that sign, and what would mean another way of sending: none of them is a header of the PutObject.
const NO_HEADERS: [&str; 9] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
    "x-amz-metadata-directive",
];

/// What is known of a form when its file begins.
pub struct Form {
    /// What separates its parts.
    pub boundary: String,
    /// The file has at most so many bytes: what the request's length leaves for it.
    pub room: u64,
    /// What its policy allows the file to weigh.
    pub sizes: Sizes,
    /// Where the object will be found, but for its key.
    pub base: String,
    /// What is wrong with the first field that cannot be a header, to be told to who may put the object.
    pub fault: Option<Error>,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field, by its name in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether a request is such an upload.
pub fn is_upload(service: &Service, parts: &request::Parts) -> bool {
    let (domains, region) = (&service.config.domains, &service.context.common.region);
    let asked = || {
        let target = Target::of(&parts.uri, &parts.headers, domains, region).ok()?;
        let query = Query::parse(parts.uri.query().unwrap_or("")).ok()?;
        route(&parts.method, &target, &query, &parts.headers).ok()
    };
    parts.method == axum::http::Method::POST && asked() == Some(Operation::PostObject)
}

/// Reads a form as far as its file, which is left in `body`, and proves who sent it.
pub async fn open(
    service: Arc<Service>,
    parts: &request::Parts,
    body: &mut Option<Body>,
    origin: Arc<Origin>,
) -> Result<Exchange, Error> {
    let (domains, region) = (&service.config.domains, &service.context.common.region);
    let target = Target::of(&parts.uri, &parts.headers, domains, region)?;
    let bucket = target.bucket.unwrap_or_default();
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let boundary = boundary(text(header::CONTENT_TYPE).unwrap_or(""))?
        .ok_or(Error::PreconditionFailed("Bucket POST must be of the enclosure-type multipart/form-data"))?;
    let length: u64 = text(header::CONTENT_LENGTH)
        .and_then(|length| length.trim().parse().ok())
        .ok_or(Error::MissingContentLength)?;
    if parts.headers.contains_key(header::AUTHORIZATION)
        || parts.uri.query().is_some_and(|query| query.contains("Signature="))
    {
        return Err(Error::InvalidRequest(
            "A form is signed by its fields; only one auth mechanism is allowed.".into(),
        ));
    }
    let read = read(&service, body, &boundary).await?;
    // the file is followed by a last delimiter at least
    let behind = boundary.len() as u64 + 6;
    let room = length
        .checked_sub(read.consumed + behind)
        .ok_or(Error::MalformedForm("the request is too short for its form"))?;
    if room > MAX_PUT_BYTES + MAX_FIELDS {
        return Err(Error::EntityTooLarge { size: room, limit: MAX_PUT_BYTES });
    }
    let fields = read.fields;
    let key = key(&fields)?;
    let (caller, sizes) = authorized(&service, &fields, &bucket, origin).await?;
    if !is_bucket_name(&bucket) {
        return Err(Error::InvalidBucketName(bucket));
    }
    let (headers, fault) = headers(&fields, &parts.headers);
    let base = base(parts, &caller);
    let form = Form { boundary, room, sizes, base, fault, fields };
    Exchange::of_form(service, caller, Place { bucket, key }, headers, form)
}

/// `http://host/bucket/`, as the form was sent.
fn base(parts: &request::Parts, caller: &Caller) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if caller.origin.secure { "https" } else { "http" };
    format!("{scheme}://{host}{}/", parts.uri.path().trim_end_matches('/'))
}

/// The fields before the file, and the bytes up to its content.
struct Read {
    fields: Vec<(String, String)>,
    consumed: u64,
}

/// Reads up to the content of the file; what comes from there on stays in `body`, whatever happens.
async fn read(service: &Service, body: &mut Option<Body>, boundary: &str) -> Result<Read, Error> {
    let mut incoming = body.take().unwrap_or_else(Body::empty).into_data_stream();
    let mut parser = Parser::new(boundary);
    let mut fields = Fields::default();
    let result = loop {
        match fields.take(&mut parser) {
            Ok(None) => {}
            Ok(Some(filename)) => break Ok(filename),
            Err(error) => break Err(error),
        }
        match tokio::time::timeout(service.patience(), incoming.next()).await {
            Ok(Some(Ok(piece))) => parser.push(piece),
            Ok(Some(Err(_))) => break Err(Error::IncompleteBody),
            Ok(None) => break Err(Error::MalformedForm("it has no last delimiter")),
            Err(_) => break Err(Error::RequestTimeout),
        }
    };
    let consumed = parser.consumed();
    let rest = stream::iter([Ok::<Bytes, axum::Error>(parser.rest())]).chain(incoming);
    *body = Some(Body::from_stream(rest));
    let filename = result?;
    Ok(Read { fields: fields.expanded(filename.as_deref().unwrap_or_default())?, consumed })
}

#[derive(Default)]
struct Fields {
    read: Vec<(String, Vec<u8>)>,
}

impl Fields {
    /// Takes what the parser has; once the file begins, gives its name.
    fn take(&mut self, parser: &mut Parser) -> Result<Option<Option<String>>, Error> {
        loop {
            let event = parser.event()?;
            if parser.consumed() > MAX_FIELDS {
                return Err(Error::FormTooLarge);
            }
            match event {
                None => return Ok(None),
                Some(Event::Part(head)) if head.is_file() => return Ok(Some(head.filename)),
                Some(Event::Part(head)) => self.read.push((head.name, Vec::new())),
                Some(Event::Content(piece)) => {
                    if let Some((_, value)) = self.read.last_mut() {
                        value.extend_from_slice(&piece);
                    }
                }
                Some(Event::PartEnd) => {}
                Some(Event::End) => return Err(Error::wrong_number_of_files(0)),
            }
        }
    }

    /// The fields with the file's name put in; those of one name are one, its values separated by commas.
    fn expanded(self, filename: &str) -> Result<Vec<(String, String)>, Error> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in self.read {
            let value = String::from_utf8(value).map_err(|_| Error::MalformedForm("a field is no UTF-8"))?;
            let signs = ["policy", "signature", "x-amz-signature"];
            let value = match signs.iter().any(|sign| name.eq_ignore_ascii_case(sign)) {
                true => value,
                false => value.replace(FILENAME, filename),
            };
            match fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                Some((_, before)) => *before = format!("{before},{value}"),
                None => fields.push((name, value)),
            }
        }
        Ok(fields)
    }
}

fn missing(name: &str) -> Error {
    Error::argument(
        name,
        "",
        format!(
            "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the \
             fields."
        ),
    )
}

fn key(fields: &[(String, String)]) -> Result<String, Error> {
    let key = field(fields, "key").filter(|key| !key.is_empty()).ok_or_else(|| missing("key"))?;
    if climbs_out(key) {
        return Err(Error::InvalidUri(key.to_owned()));
    }
    match key.len() > MAX_KEY_BYTES {
        true => Err(Error::KeyTooLong { size: key.len() }),
        false => Ok(key.to_owned()),
    }
}

/// Who sent the form, and what its policy allows the file to weigh.
async fn authorized(
    service: &Service,
    fields: &[(String, String)],
    bucket: &str,
    origin: Arc<Origin>,
) -> Result<(Caller, Sizes), Error> {
    let now = service.context.clock.now();
    let signs = |names: &[&str]| names.iter().any(|name| field(fields, name).is_some());
    let (signature, exempt): (FormSignature, &[&str]) = if signs(&VERSION_4[..4]) {
        (version_4(fields)?, &FREE_4)
    } else if signs(&VERSION_2[..2]) {
        (version_2(fields)?, &FREE_2)
    } else {
        return Ok((Caller::anonymous(origin, now), Sizes::ANY));
    };
    let sent = field(fields, "policy").ok_or_else(|| missing("Policy"))?;
    let caller = authenticate_form(&service.context, signature, sent, origin).await?;
    let policy = PostPolicy::parse(sent)?;
    let sizes = policy.check(now, Submitted { fields, bucket, exempt })?;
    Ok((caller, sizes))
}

fn all<'f, const N: usize>(fields: &'f [(String, String)], names: [&str; N]) -> Result<[&'f str; N], Error> {
    let mut values = [""; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = field(fields, name).ok_or_else(|| missing(name))?;
    }
    Ok(values)
}

fn version_4(fields: &[(String, String)]) -> Result<FormSignature, Error> {
    let [algorithm, credential, date, signature, _] = all(fields, VERSION_4)?;
    if algorithm != sigv4::ALGORITHM {
        let only = format!("X-Amz-Algorithm only supports \"{}\"", sigv4::ALGORITHM);
        return Err(Error::argument("X-Amz-Algorithm", algorithm, only));
    }
    let timestamp = parse_iso_basic(date.as_bytes()).ok_or_else(|| {
        Error::argument("X-Amz-Date", date, "X-Amz-Date must be formated via ISO8601 Long format")
    })?;
    let malformed = |why: &str| Error::argument("X-Amz-Credential", credential, why);
    let (access_key_id, scope) = parse_credential(credential).map_err(|_| {
        malformed(
            "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        )
    })?;
    if scope.service != "s3" {
        let service = &scope.service;
        return Err(malformed(&format!("incorrect service \"{service}\". This endpoint belongs to \"s3\".")));
    }
    Ok(FormSignature::Version4(SigV4 {
        access_key_id,
        scope,
        signed_headers: Vec::new(),
        signature: signature.to_owned(),
        timestamp,
        session_token: field(fields, "x-amz-security-token").map(str::to_owned),
        payload: Payload::Unsigned,
        expires_s: None,
        carrier: Carrier::Form,
    }))
}

fn version_2(fields: &[(String, String)]) -> Result<FormSignature, Error> {
    let [access_key_id, signature, _] = all(fields, VERSION_2)?;
    Ok(FormSignature::Version2 {
        access_key_id: access_key_id.to_owned(),
        signature: signature.to_owned(),
        session_token: field(fields, "x-amz-security-token").map(str::to_owned),
    })
}

/// The headers that a PutObject of the same meaning would have, and what is wrong with the first that cannot be.
fn headers(fields: &[(String, String)], sent: &HeaderMap) -> (Headers, Option<Error>) {
    let (mut headers, mut fault) = (Headers::default(), None);
    for (name, value) in fields {
        let Some(header) = header_of(&name.to_ascii_lowercase()) else { continue };
        match as_header(&header, value) {
            Some((header, value)) => headers.insert(header, value),
            None => {
                let why = "The value of the field cannot be that of a header";
                fault.get_or_insert_with(|| Error::argument(name, value, why));
            }
        }
    }
    for name in COUNT {
        let Some(value) = sent.get(name) else { continue };
        if headers.get(name).is_some_and(|field| field != value) {
            let why = "Conflicting values provided in HTTP headers and POST form fields.";
            fault.get_or_insert_with(|| Error::InvalidRequest(why.into()));
        }
        headers.insert(HeaderName::from_static(name), value.clone());
    }
    (headers, fault)
}

fn as_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let plain = value.is_ascii() || may_be_any_text(name);
    plain.then(|| Some((name.parse().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))).flatten()
}

fn header_of(field: &str) -> Option<String> {
    match field {
        "acl" => Some("x-amz-acl".to_owned()),
        plain if PLAIN.contains(&plain) => Some(plain.to_owned()),
        other if NO_HEADERS.contains(&other) || other.starts_with("x-amz-copy-source") => None,
        amz if amz.starts_with("x-amz-") => Some(amz.to_owned()),
        _ => None,
    }
}

fn may_be_any_text(header: &str) -> bool {
    header.starts_with("x-amz-meta-")
        || header == "x-amz-website-redirect-location"
        || (PLAIN.contains(&header) && !header.ends_with("match") && header != "content-md5")
}
