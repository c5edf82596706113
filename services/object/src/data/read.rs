//! Content as a stream: one buffer ahead of who reads it, and no thread held while a slow reader makes it wait.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::task::{JoinHandle, spawn_blocking};

use super::files::{Files, Pins};
use super::pool::{BUFFER_BYTES, Pool};
use crate::domain::id::DataId;

/// A stretch of bytes.
pub enum Extent {
    /// At hand.
    Memory(Bytes),
    /// In a file that is open.
    Open {
        /// The file.
        file: Arc<File>,
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
}

impl Content {
    /// These stretches one after the other; `pins` keeps their files.
    pub fn new(extents: Vec<Extent>, files: Files, pool: Pool, pins: Option<Pins>) -> Self {
        Content { extents: extents.into(), files, pool, _pins: pins }
    }

    /// The next piece; nothing at the end. Blocks.
    pub fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.extents.pop_front() {
                None => return Ok(None),
                Some(Extent::Memory(bytes)) if bytes.is_empty() => {}
                Some(Extent::Memory(bytes)) => return Ok(Some(bytes)),
                Some(Extent::File { id, offset, length }) => {
                    let file = Arc::new(self.files.read(id)?);
                    self.extents.push_front(Extent::Open { file, offset, length });
                }
                Some(Extent::Open { length: 0, .. }) => {}
                Some(Extent::Open { file, offset, length }) => {
                    let piece = usize::try_from(length).unwrap_or(usize::MAX).min(BUFFER_BYTES);
                    let mut buffer = self.pool.take();
                    file.read_exact_at(buffer.room(piece), offset)?;
                    let read = piece as u64;
                    self.extents.push_front(Extent::Open {
                        file,
                        offset: offset + read,
                        length: length - read,
                    });
                    return Ok(Some(buffer.freeze()));
                }
            }
        }
    }

    /// The content as the body of a reply.
    pub fn into_body(mut self) -> Body {
        if let [Extent::Memory(bytes)] = self.extents.make_contiguous() {
            return Body::from(bytes.clone());
        }
        Body::from_stream(self.into_stream())
    }

    /// The content piece by piece; the next one is read while the last is used.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::try_unfold(Ahead::Start(self), |ahead| async move {
            let reading = match ahead {
                Ahead::Start(content) => read_ahead(content),
                Ahead::Reading(reading) => reading,
            };
            let (content, piece) = reading.await.map_err(io::Error::other)?;
            Ok(piece?.map(|bytes| (bytes, Ahead::Reading(read_ahead(content)))))
        })
    }
}

type Reading = JoinHandle<(Content, io::Result<Option<Bytes>>)>;

enum Ahead {
    Start(Content),
    Reading(Reading),
}

fn read_ahead(mut content: Content) -> Reading {
    spawn_blocking(move || {
        let piece = content.next_piece();
        if let Err(error) = &piece {
            tracing::error!(%error, "object content cannot be read");
        }
        (content, piece)
    })
}
