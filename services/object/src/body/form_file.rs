//! The file of a form as a stream of its content, from inside its part to the end of the form. What follows the file is
//! read and ignored, but for a second file.

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{Stream, StreamExt, stream};

use super::form::{Event, Parser};
use crate::error::Error;

/// So much of what is too large is read on, to tell the client how large it is.
const MAX_EXCESS: u64 = 4 << 20;

/// Of a form that ends without its last delimiter, or has no room left for it.
const ENDLESS: Error = Error::MalformedForm("it has no last delimiter");

/// How much content there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// A smaller file is refused.
    pub least: u64,
    /// A larger file is refused.
    pub most: u64,
    /// The file cannot be larger than this: what the request's length leaves for it.
    pub room: u64,
}

struct Reading {
    incoming: BodyDataStream,
    parser: Parser,
    limit: Limit,
    seen: u64,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Behind,
    End,
}

/// The content of the file that `body` begins in.
pub fn content(
    body: Body,
    boundary: &str,
    limit: Limit,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + use<> {
    let reading = Reading {
        incoming: body.into_data_stream(),
        parser: Parser::in_content(boundary),
        limit,
        seen: 0,
        place: Place::File,
    };
    stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|piece| (piece, reading)))
    })
}

impl Reading {
    /// The next piece of content; an empty one when something came that is none.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(event) = self.parser.event()? {
            match (event, self.place) {
                (Event::Content(piece), Place::File) => {
                    self.seen += piece.len() as u64;
                    if self.seen > self.limit.room {
                        return Err(ENDLESS);
                    }
                    if self.seen <= self.limit.most {
                        return Ok(Some(piece));
                    }
                    if self.seen - self.limit.most > MAX_EXCESS {
                        return Err(self.too_large(self.limit.room));
                    }
                }
                (Event::PartEnd, Place::File) if self.seen > self.limit.most => {
                    return Err(self.too_large(self.seen));
                }
                (Event::PartEnd, Place::File) if self.seen < self.limit.least => {
                    return Err(Error::EntityTooSmall { size: self.seen, least: self.limit.least });
                }
                (Event::PartEnd, Place::File) => self.place = Place::Behind,
                (Event::Part(head), _) if head.is_file() => return Err(Error::wrong_number_of_files(2)),
                (Event::End, _) => self.place = Place::End,
                (Event::Part(_) | Event::Content(_) | Event::PartEnd, _) => {}
            }
        }
        match (self.incoming.next().await, self.place) {
            (Some(Ok(piece)), _) => {
                self.parser.push(piece);
                Ok(Some(Bytes::new()))
            }
            (Some(Err(_)), _) => Err(Error::IncompleteBody),
            (None, Place::End) => Ok(None),
            (None, Place::File | Place::Behind) => Err(ENDLESS),
        }
    }

    fn too_large(&self, size: u64) -> Error {
        Error::EntityTooLarge { size, limit: self.limit.most }
    }
}
