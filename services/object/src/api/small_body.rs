//! Bodies that are documents: read whole, verified like any other, then parsed.

use std::time::Duration;

use api_spec::s3;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::exchange::Exchange;
use crate::body::expect::Expected;
use crate::body::ingest::{Ingest, Kept, Sink};
use crate::body::receive::receive;
use crate::error::Error;

/// The largest document that is accepted.
const MAX_DOCUMENT: u64 = 2 << 20;
/// So much of a refused body is read off, so that the client reads the refusal instead of a broken connection.
const MAX_DRAIN: usize = 4 << 20;
/// The same where the client asks before it sends.
const MAX_INVITED: usize = 64 << 10;

/// Reads the body of a request.
pub async fn read(x: &Exchange, body: &mut Option<Body>) -> Result<Vec<u8>, Error> {
    read_as(x, body, (*x.headers).clone()).await
}

async fn read_as(x: &Exchange, body: &mut Option<Body>, mut headers: HeaderMap) -> Result<Vec<u8>, Error> {
    if !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING) {
        headers.insert(header::CONTENT_LENGTH, 0.into());
    }
    let expected = Expected::of(&headers, &x.caller, MAX_DOCUMENT).map_err(|error| match error {
        Error::EntityTooLarge { limit, .. } => Error::DocumentTooLarge { limit },
        other => other,
    })?;
    let length = expected.length;
    let ingest = Ingest::new(expected, None, Sink::Memory(Vec::new()));
    let Some(body) = body.take() else { return Err(Error::IncompleteBody) };
    // many a request may bring a document, and few do
    let received = Box::pin(receive(body, ingest, length, &x.service.pool, x.service.patience())).await?;
    match received.kept {
        Kept::Memory(bytes) => Ok(bytes),
        Kept::File(_) | Kept::Nowhere => Err(Error::Internal("a document went astray".into())),
    }
}

/// Reads the body as the document `root`.
pub async fn document<T: DeserializeOwned>(
    x: &Exchange,
    body: &mut Option<Body>,
    root: &str,
) -> Result<T, Error> {
    parse(&read(x, body).await?, root)
}

/// The same where the checksum headers are not about the body.
pub async fn document_alone<T: DeserializeOwned>(
    x: &Exchange,
    body: &mut Option<Body>,
    root: &str,
) -> Result<T, Error> {
    let about_body =
        |name: &str| !name.starts_with("x-amz-checksum-") && name != "x-amz-sdk-checksum-algorithm";
    let kept = x.headers.iter().filter(|(name, _)| about_body(name.as_str()));
    let headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    parse(&read_as(x, body, headers).await?, root)
}

fn parse<T: DeserializeOwned>(bytes: &[u8], root: &str) -> Result<T, Error> {
    if bytes.is_empty() {
        return Err(Error::MissingRequestBody);
    }
    s3::read(bytes, root).map_err(|error| Error::MalformedXml(error.0))
}

/// Reads off what a refused client has sent or is about to send, within reason, and says whether that was all.
pub async fn drain(body: Option<Body>, headers: &HeaderMap) -> bool {
    // the body has been read, or the reading of it was given up
    let Some(body) = body else { return false };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let limit = if headers.contains_key(header::EXPECT) { MAX_INVITED } else { MAX_DRAIN };
    if length.is_some_and(|length: usize| length > limit) {
        return false;
    }
    let reading = async {
        let mut left = limit;
        let mut stream = body.into_data_stream();
        while let Some(piece) = stream.next().await {
            let Ok(piece) = piece else { return false };
            match left.checked_sub(piece.len()) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    };
    // a client that does not go on sending has its answer late but whole
    tokio::time::timeout(Duration::from_secs(2), reading).await.unwrap_or(false)
}

/// Whether the connection cannot be used again. A client that waits for `100 Continue` and gets its answer instead
/// (botocore for one) takes the next answer on that connection for this one.
pub fn must_close(headers: &HeaderMap, drained: bool) -> bool {
    let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    !drained || (headers.contains_key(header::EXPECT) && empty)
}
