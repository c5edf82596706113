//! Content as a stream: what is in the page cache is read where it is sent from, the rest one buffer ahead on another
//! thread, and no thread is held while a slow reader makes it wait.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::stream::{self, Stream, TryStreamExt};
use tokio::task::spawn_blocking;

use super::cipher::Opening;
use super::files::{Files, Pins};
use super::pool::Pool;
use super::stored::{StoredFile, Wait};
use crate::domain::id::DataId;

/// A stretch of bytes.
pub enum Extent {
    /// At hand.
    Memory(Bytes),
    /// In a file that is open.
    Open {
        /// The file.
        file: Arc<StoredFile>,
        /// First byte.
        offset: u64,
        /// Bytes.
        length: u64,
    },
    /// In a file that is opened when its turn comes.
    File {
        /// The file.
        id: DataId,
        /// First byte.
        offset: u64,
        /// Bytes.
        length: u64,
    },
}

/// Content that can be read once, from its beginning to its end.
pub struct Content {
    extents: VecDeque<Extent>,
    files: Files,
    pool: Pool,
    _pins: Option<Pins>,
    opening: Option<Opening>,
}

impl Content {
    /// These stretches one after the other; `pins` keeps their files.
    pub fn new(extents: Vec<Extent>, files: Files, pool: Pool, pins: Option<Pins>) -> Self {
        Content { extents: extents.into(), files, pool, _pins: pins, opening: None }
    }

    /// What these stretches hold is encrypted, and this decrypts it.
    #[must_use]
    pub fn opened_by(mut self, opening: Opening) -> Self {
        self.opening = Some(opening);
        self
    }

    /// The next piece as it is stored; nothing at the end.
    ///
    /// # Errors
    /// `InvalidData` when it is not what was stored; `WouldBlock`, with nothing lost, when it may not wait.
    pub fn next_piece(&mut self, wait: Wait) -> io::Result<Option<Bytes>> {
        while let Some(extent) = self.extents.pop_front() {
            match extent {
                Extent::Memory(bytes) if bytes.is_empty() => {}
                Extent::Memory(bytes) => return Ok(Some(bytes)),
                Extent::File { id, offset, length } => {
                    let file = Arc::new(self.files.read(id)?);
                    self.extents.push_front(Extent::Open { file, offset, length });
                }
                Extent::Open { length: 0, .. } => {}
                Extent::Open { file, offset, length } => {
                    let piece = file.read(offset, length, self.pool.take(), wait);
                    let read = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                    let (offset, length) = (offset + read, length - read);
                    self.extents.push_front(Extent::Open { file, offset, length });
                    return piece.map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The content as the body of a reply.
    pub fn into_body(mut self) -> Body {
        if self.opening.is_none()
            && let [Extent::Memory(bytes)] = self.extents.make_contiguous()
        {
            return Body::from(bytes.clone());
        }
        Body::from_stream(self.into_stream())
    }

    /// The content piece by piece.
    pub fn into_stream(mut self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        match self.opening.take() {
            None => Either::Left(self.stored()),
            Some(opening) => Either::Right(opened(self.stored(), opening)),
        }
    }

    fn stored(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::try_unfold(self, |mut content| async move {
            let (content, piece) = match content.next_piece(Wait::Never) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let read = move || {
                        let piece = content.next_piece(Wait::Disk);
                        (content, piece)
                    };
                    spawn_blocking(read).await.map_err(io::Error::other)?
                }
                piece => (content, piece),
            };
            if let Err(error) = &piece {
                tracing::error!(%error, "object content cannot be read");
            }
            Ok(piece?.map(|bytes| (bytes, content)))
        })
    }
}

/// Decrypts what comes.
fn opened(
    stored: impl Stream<Item = io::Result<Bytes>> + Send,
    opening: Opening,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((Box::pin(stored), opening), |(mut stored, mut opening)| async move {
        while let Some(piece) = stored.try_next().await? {
            let plain = opening.push(&piece)?;
            if !plain.is_empty() {
                return Ok(Some((plain, (stored, opening))));
            }
        }
        opening.finish()?;
        Ok(None)
    })
}
