//! What the access log of a bucket is told: a line for each request, written when the last byte of its reply is gone, and
//! a line for each further thing that the request did (keys of a DeleteObjects, sources of copies).
//!
//! A bucket that is not logged costs a look at one field.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use api_spec::ErrorCode;
use api_spec::s3::object::{DeleteError, Deleted};
use auth::policy::Principal;
use auth::sigv4::Carrier;
use axum::body::Body;
use axum::http::{Method, header, request};
use axum::response::Response;
use http_body_util::BodyExt;
use jiff::Timestamp;
use kit::Caller;
use kit::request::{Origin, new_request_id};
use store::Snapshot;

use super::exchange::Exchange;
use super::log_names::{name_of, unknown};
use super::query::Query;
use super::route::{Operation, route};
use super::target::Target;
use crate::domain::access_log::Entry;
use crate::domain::bucket::Bucket;
use crate::domain::logging::Stream;
use crate::domain::object::Object;
use crate::domain::version::Which;
use crate::error::Error;
use crate::service::Service;
use crate::store::lifecycle::Carried;
use crate::store::objects::Place;

/// Parameters whose values let others send the request again: readers of a log are not told.
const SECRETS: [&str; 3] = ["x-amz-signature", "x-amz-security-token", "signature"];

/// What handlers and access checks tell of a request on its way.
#[derive(Default)]
pub struct Notes(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    by_acl: bool,
    size: Option<u64>,
    lines: Vec<Note>,
}

/// A further line.
struct Note {
    stream: Stream,
    owner: String,
    operation: &'static str,
    key: String,
    version: Option<String>,
    size: Option<u64>,
    status: u16,
    error: Option<String>,
    /// It was part of a request, and no request by itself.
    part: bool,
}

impl Notes {
    /// An access control list was what allowed it.
    pub fn by_acl(&self) {
        self.with(|noted| noted.by_acl = true);
    }

    fn with<T>(&self, f: impl FnOnce(&mut Noted) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes what was copied, for the log of the bucket that it came from and for the size.
pub fn copied_from(
    x: &Exchange,
    operation: &'static str,
    snapshot: &Snapshot,
    (place, which): (&Place, Option<Which>),
    object: &Object,
) {
    x.notes.with(|noted| noted.size = Some(object.size));
    let Ok(Some(bucket)) = x.service.bucket(snapshot, &place.bucket) else { return };
    let Some(stream) = stream(&place.bucket, &bucket, x.caller.now) else { return };
    let note = Note {
        stream,
        owner: bucket.owner.clone(),
        operation,
        key: place.key.clone(),
        version: which.map(|which| which.to_string()),
        size: Some(object.size),
        status: 200,
        error: None,
        part: false,
    };
    x.notes.with(|noted| noted.lines.push(note));
}

/// Notes what a DeleteObjects did, with the sizes of what it removed or hid.
pub fn deleted(x: &Exchange, deleted: &[(Deleted, Option<u64>)], errors: &[DeleteError]) {
    let Ok(bucket) = x.bucket() else { return };
    let Some(stream) = stream(&x.place.bucket, bucket, x.caller.now) else { return };
    let note = |key: &str, version: &Option<String>, size, status, error: Option<&str>| Note {
        stream: stream.clone(),
        owner: bucket.owner.clone(),
        operation: "BATCH.DELETE.OBJECT",
        key: key.to_owned(),
        version: version.clone(),
        size,
        status,
        error: error.map(str::to_owned),
        part: true,
    };
    let gone = deleted.iter().map(|(one, size)| note(&one.key, &one.version_id, *size, 204, None));
    let kept =
        errors.iter().map(|one| note(&one.key, &one.version_id, None, status_of(&one.code), Some(&one.code)));
    x.notes.with(|noted| noted.lines.extend(gone.chain(kept)));
}

fn status_of(code: &str) -> u16 {
    ErrorCode::ALL.iter().find(|known| known.as_str() == code).map_or(500, |known| known.status())
}

fn stream(name: &str, bucket: &Bucket, at: Timestamp) -> Option<Stream> {
    bucket.logging.as_ref().map(|logging| Stream::new(name, &bucket.account, logging, at))
}

/// The line of a request that was not answered yet.
pub struct Draft {
    service: Arc<Service>,
    started: Instant,
    /// Milliseconds after that the last of the request's body came.
    received: Arc<AtomicU64>,
    entry: Entry,
    /// Where the line goes; nowhere when only a source is logged.
    stream: Option<Stream>,
    notes: Vec<Note>,
}

/// When a request came, and when its last byte did.
#[derive(Clone)]
pub struct Stopwatch {
    started: Instant,
    received: Arc<AtomicU64>,
}

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Stopwatch { started: Instant::now(), received: Arc::default() }
    }

    /// Since it was started.
    pub fn elapsed(&self) -> std::time::Duration {
        self.started.elapsed()
    }

    /// Notices when the last of a body comes, if its bucket is logged.
    pub fn watch(&self, x: &Exchange, body: &mut Option<Body>) {
        if x.bucket().is_ok_and(|bucket| bucket.logging.is_some()) {
            let Stopwatch { started, received } = self.clone();
            let noticed = move |_: &_| received.store(since(started), Ordering::Relaxed);
            *body = body.take().map(|body| Body::new(body.inspect_frame(noticed)));
        }
    }
}

/// The line of an answered request, if anybody wants one.
pub fn of(x: &Exchange, parts: &request::Parts, watch: &Stopwatch) -> Option<Box<Draft>> {
    let (by_acl, size, notes) =
        x.notes.with(|noted| (noted.by_acl, noted.size, std::mem::take(&mut noted.lines)));
    let bucket = x.bucket().ok()?;
    let stream = stream(&x.place.bucket, bucket, x.caller.now);
    if stream.is_none() && notes.is_empty() {
        return None;
    }
    let mut entry = Entry {
        owner: bucket.owner.clone(),
        bucket: x.place.bucket.clone(),
        at: x.caller.now,
        requester: requester(&x.caller),
        operation: name_of(x.operation),
        key: Some(x.place.key.clone()).filter(|key| !key.is_empty()),
        size: size.or_else(|| size_of(x)),
        version: x.query.get("versionId").map(str::to_owned),
        by_acl,
        ..of_parts(parts, &x.caller.origin)
    };
    if let Some(signature) = &x.caller.signature {
        entry.signature = Some(if signature.sig.signed_headers.is_empty() { "SigV2" } else { "SigV4" });
        entry.auth = match signature.sig.carrier {
            Carrier::Header => Some("AuthHeader"),
            Carrier::Query => Some("QueryString"),
            // AWS has no word for forms here
            Carrier::Form => None,
        };
    }
    Some(Box::new(Draft {
        service: Arc::clone(&x.service),
        started: watch.started,
        received: Arc::clone(&watch.received),
        entry,
        stream,
        notes,
    }))
}

/// The line of a request that was refused before it was known who sent it, or that asks before a CORS request.
pub fn unopened(
    service: &Arc<Service>,
    parts: &request::Parts,
    origin: &Origin,
    watch: &Stopwatch,
) -> Option<Box<Draft>> {
    let region = &service.context.common.region;
    let target = Target::of(&parts.uri, &parts.headers, &service.config.domains, region).ok()?;
    let name = target.bucket.clone()?;
    let bucket = service.bucket(&service.store.snapshot().ok()?, &name).ok()??;
    let at = service.context.clock.now();
    let stream = stream(&name, &bucket, at)?;
    let query = Query::parse(parts.uri.query().unwrap_or("")).unwrap_or_default();
    let operation = route(&parts.method, &target, &query, &parts.headers).ok();
    let operation = match parts.method {
        Method::OPTIONS => "REST.OPTIONS.PREFLIGHT",
        _ => operation.map_or_else(|| unknown(&parts.method, target.key.is_some()), name_of),
    };
    let entry = Entry {
        owner: bucket.owner.clone(),
        bucket: name,
        at,
        operation,
        key: target.key,
        version: query.get("versionId").map(str::to_owned),
        ..of_parts(parts, origin)
    };
    Some(Box::new(Draft {
        service: Arc::clone(service),
        started: watch.started,
        received: Arc::clone(&watch.received),
        entry,
        stream: Some(stream),
        notes: Vec::new(),
    }))
}

/// Writes the line of what a service of this cloud put.
pub fn of_service(x: &Exchange, size: usize, error: Option<ErrorCode>) {
    let Ok(bucket) = x.bucket() else { return };
    let Some(stream) = stream(&x.place.bucket, bucket, x.caller.now) else { return };
    let entry = Entry {
        owner: bucket.owner.clone(),
        at: x.caller.now,
        requester: requester(&x.caller),
        request_id: x.caller.origin.request_id.clone(),
        operation: name_of(x.operation),
        status: Some(error.map_or(200, ErrorCode::status)),
        error: error.map(|code| code.as_str().to_owned()),
        size: Some(size as u64),
        host_id: Some(x.caller.origin.request_id.clone()),
        ..by_itself(&x.place.bucket, &x.place.key)
    };
    x.service.spool.add(stream, &entry.to_string());
}

/// Writes the lines of what a bucket's lifecycle did.
///
/// # Errors
/// When the index cannot be read.
pub fn of_lifecycle(service: &Service, name: &str, at: Timestamp, done: &[Carried]) -> Result<(), Error> {
    let Some(bucket) = service.bucket(&service.store.snapshot()?, name)? else { return Ok(()) };
    let Some(stream) = stream(name, &bucket, at) else { return Ok(()) };
    for one in done {
        let id = new_request_id();
        let entry = Entry {
            owner: bucket.owner.clone(),
            at,
            requester: Some("AmazonS3".into()),
            host_id: Some(id.clone()),
            request_id: id,
            operation: one.operation,
            size: one.size,
            version: one.version.filter(|_| bucket.versioning.is_some()).map(|which| which.to_string()),
            ..by_itself(name, &one.key)
        };
        service.spool.add(stream.clone(), &entry.to_string());
    }
    Ok(())
}

/// A line without a request.
fn by_itself(bucket: &str, key: &str) -> Entry {
    Entry { bucket: bucket.to_owned(), key: Some(key.to_owned()), ..Entry::default() }
}

/// What the request itself says.
fn of_parts(parts: &request::Parts, origin: &Origin) -> Entry {
    let header = |name: &str| {
        parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Entry {
        remote_ip: origin.source(),
        request_id: origin.request_id.clone(),
        request_line: Some(request_line(parts)),
        referer: origin.referer.clone(),
        user_agent: Some(origin.user_agent.clone()),
        host_id: Some(origin.request_id.clone()),
        cipher: origin.tls_cipher.clone(),
        host: header(header::HOST.as_str()),
        tls: origin.tls_version.as_ref().map(|version| format!("TLSv{version}")),
        ..Entry::default()
    }
}

fn request_line(parts: &request::Parts) -> String {
    let mut line = format!("{} {}", parts.method, parts.uri.path());
    for (index, pair) in parts.uri.query().into_iter().flat_map(|query| query.split('&')).enumerate() {
        line.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if SECRETS.contains(&name.to_ascii_lowercase().as_str()) => {
                line.push_str(name);
                line.push_str("=REDACTED");
            }
            _ => line.push_str(pair),
        }
    }
    format!("{line} {:?}", parts.version)
}

/// The canonical user id of a root, the ARN of others, `svc:` before a service.
fn requester(caller: &Caller) -> Option<String> {
    match caller.principal() {
        Principal::Anonymous => None,
        Principal::Root { .. } => Some(caller.canonical_user_id().to_owned()),
        Principal::Service { name } => Some(format!("svc:{name}")),
        principal @ (Principal::User { .. }
        | Principal::AssumedRole { .. }
        | Principal::FederatedUser { .. }
        | Principal::WebIdentity { .. }) => Some(principal.arn()),
    }
}

/// The size of the object that the request is about: as it was, or as it was sent.
fn size_of(x: &Exchange) -> Option<u64> {
    match x.operation {
        Operation::PutObject | Operation::UploadPart => {
            let length = x.header("x-amz-decoded-content-length").or_else(|| x.header("content-length"));
            length.and_then(|text| text.trim().parse().ok())
        }
        Operation::GetObject
        | Operation::HeadObject
        | Operation::DeleteObject
        | Operation::GetObjectAttributes
        | Operation::RestoreObject => x.object.as_ref().map(|object| object.size),
        _ => None,
    }
}

impl Draft {
    /// Takes the reply, counts what is sent of it, and writes the lines when that has ended. `code` is `ok` or the
    /// error's.
    pub fn answered(mut self: Box<Self>, response: Response, code: &'static str) -> Response {
        self.entry.status = Some(response.status().as_u16());
        self.entry.error = Some(code.to_owned()).filter(|code| code != "ok");
        let taken = since(self.started).saturating_sub(self.received.load(Ordering::Relaxed));
        self.entry.turn_around_ms = Some(taken);
        let (parts, body) = response.into_parts();
        let body = body.inspect_frame(move |frame| {
            self.sent(frame.data_ref().map_or(0, |data: &bytes::Bytes| data.len()));
        });
        Response::from_parts(parts, Body::new(body))
    }

    fn sent(&mut self, bytes: usize) {
        self.entry.sent += bytes as u64;
    }

    fn further(&self, note: &Note) -> Entry {
        let entry = Entry {
            owner: note.owner.clone(),
            bucket: note.stream.source.clone(),
            operation: note.operation,
            key: Some(note.key.clone()),
            version: note.version.clone(),
            size: note.size,
            status: Some(note.status),
            error: note.error.clone(),
            sent: 0,
            ..self.entry.clone()
        };
        match note.part {
            false => entry,
            true => Entry {
                request_line: None,
                referer: None,
                user_agent: None,
                total_ms: None,
                turn_around_ms: None,
                ..entry
            },
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.entry.total_ms = Some(since(self.started));
        if let Some(stream) = self.stream.take() {
            self.service.spool.add(stream, &self.entry.to_string());
        }
        for note in std::mem::take(&mut self.notes) {
            let line = self.further(&note).to_string();
            self.service.spool.add(note.stream, &line);
        }
    }
}

fn since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
