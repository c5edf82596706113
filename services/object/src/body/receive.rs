//! From the network into an [`Ingest`]: one buffer is filled while the one before is hashed on a second thread and
//! written on a third, and no thread waits for a slow client.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::task::{JoinHandle, spawn_blocking};

use super::ingest::{Ingest, Received};
use crate::data::pool::{Buffer, Pool};
use crate::error::Error;

/// Content up to this size is hashed where it arrives: moving it to another thread would cost more.
const HERE: u64 = 32 << 10;

/// Takes a whole body in.
///
/// # Errors
/// Of the body itself, or `RequestTimeout` when nothing came for `patience`.
pub async fn receive(
    body: Body,
    ingest: Ingest,
    length: u64,
    pool: &Pool,
    patience: Duration,
) -> Result<Received, Error> {
    let stream = body.into_data_stream().map(|piece| piece.map_err(|_| Error::IncompleteBody));
    take_in(stream, ingest, length, pool, patience).await
}

/// Takes a stream of content in.
pub async fn take_in(
    stream: impl Stream<Item = Result<Bytes, Error>> + Send,
    mut ingest: Ingest,
    length: u64,
    pool: &Pool,
    patience: Duration,
) -> Result<Received, Error> {
    let mut stream = std::pin::pin!(stream);
    if length > HERE || !ingest.in_memory() {
        // what this needs all requests would have to have room for
        return Box::pin(take_in_apart(stream, ingest, pool, patience)).await;
    }
    while let Some(piece) = next(&mut stream, patience).await? {
        ingest.push(&piece)?;
    }
    ingest.finish()
}

/// Takes in what is hashed and written on other threads.
async fn take_in_apart<S>(
    mut stream: Pin<&mut S>,
    ingest: Ingest,
    pool: &Pool,
    patience: Duration,
) -> Result<Received, Error>
where
    S: Stream<Item = Result<Bytes, Error>>,
{
    let mut busy: Option<Busy> = None;
    let mut idle = Some(ingest);
    // there is one only while there is something in it: many clients may send nothing for long
    let mut buffer: Option<Buffer> = None;
    while let Some(mut piece) = next(&mut stream, patience).await? {
        while !piece.is_empty() {
            let mut filling = buffer.take().unwrap_or_else(|| pool.take());
            let taken = filling.fill(&piece);
            piece = piece.slice(taken..);
            if filling.is_full() {
                let ingest = ready(&mut idle, &mut busy).await?;
                busy = Some(tokio::spawn(push(ingest, filling)));
            } else {
                buffer = Some(filling);
            }
        }
    }
    let mut ingest = ready(&mut idle, &mut busy).await?;
    if let Some(rest) = buffer {
        ingest = push(ingest, rest).await?;
    }
    apart(move || ingest.finish()).await
}

type Busy = JoinHandle<Result<Ingest, Error>>;

/// Takes a buffer in. Hashing is the slowest part by far, so nothing that need not waits for it.
async fn push(mut ingest: Ingest, buffer: Buffer) -> Result<Ingest, Error> {
    if ingest.in_memory() {
        return apart(move || ingest.push(buffer.as_ref()).map(|()| ingest)).await;
    }
    let (mut head, mut hashing, mut keeping) = ingest.apart();
    let framed = head.is_framed();
    let find = move || head.find(buffer.as_ref()).map(|places| (head, buffer, places));
    let (head, buffer, places) = if framed { apart(find).await? } else { find()? };
    let content = Arc::new((buffer, places));
    let same = Arc::clone(&content);
    let hashed = apart(move || {
        let (buffer, places) = &*content;
        places.iter().for_each(|place| hashing.take(&buffer.as_ref()[place.clone()]));
        Ok(hashing)
    });
    let kept = apart(move || {
        let (buffer, places) = &*same;
        places.iter().try_for_each(|place| keeping.take(&buffer.as_ref()[place.clone()]))?;
        Ok(keeping)
    });
    let (hashing, keeping) = tokio::try_join!(hashed, kept)?;
    Ok(Ingest::of(head, hashing, keeping))
}

/// Works on a thread that may block.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}

async fn ready(idle: &mut Option<Ingest>, busy: &mut Option<Busy>) -> Result<Ingest, Error> {
    match (idle.take(), busy.take()) {
        (Some(ingest), _) => Ok(ingest),
        (None, Some(busy)) => busy.await.map_err(|error| Error::Internal(error.to_string()))?,
        (None, None) => Err(Error::Internal("a body lost its ingest".into())),
    }
}

async fn next<S>(stream: &mut Pin<&mut S>, patience: Duration) -> Result<Option<Bytes>, Error>
where
    S: Stream<Item = Result<Bytes, Error>>,
{
    match tokio::time::timeout(patience, stream.next()).await {
        Ok(piece) => piece.transpose(),
        Err(_) => Err(Error::RequestTimeout),
    }
}
