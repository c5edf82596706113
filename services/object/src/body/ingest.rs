//! Where content ends up: memory for what is small, a file for the rest; hashed on the way, verified at the end.
//! Blocks; runs apart from the async threads except for small content.

use auth::sigv4::{Hasher as Sha256, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use super::chunked::Decoder;
use super::expect::{Expected, Framing};
use crate::data::cipher::{Sealing, stored_length};
use crate::data::files::{NewFile, Writing};
use crate::domain::checksum::{Algorithm, Running, Sum};
use crate::error::Error;

/// What content is filled up with.
static FILLING: [u8; 16 << 10] = [0; 16 << 10];

/// Where content goes.
pub enum Sink {
    /// Collected.
    Memory(Vec<u8>),
    /// Written.
    File(NewFile),
    /// Only hashed.
    Nowhere,
}

impl Sink {
    fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        match self {
            Sink::Memory(bytes) => bytes.extend_from_slice(data),
            Sink::File(file) => file.write(data)?,
            Sink::Nowhere => {}
        }
        Ok(())
    }
}

/// A body being taken in.
pub struct Ingest {
    decoder: Option<Decoder>,
    content: Content,
    md5_expected: Option<[u8; 16]>,
    sha256_expected: Option<[u8; 32]>,
    checksum_expected: Option<(Algorithm, Vec<u8>)>,
    trailer: Option<Algorithm>,
}

struct Content {
    length: u64,
    at_most: bool,
    seen: u64,
    md5: Md5,
    sha256: Option<Sha256>,
    sums: Vec<Running>,
    sink: Sink,
    sealing: Option<Sealing>,
}

/// A body that was taken in whole and verified.
pub struct Received {
    /// Where it is.
    pub kept: Kept,
    /// Bytes.
    pub size: u64,
    /// Bytes that it takes where it is.
    pub stored: u64,
    /// MD5.
    pub md5: [u8; 16],
    /// The checksums computed, the wanted one first.
    pub sums: Vec<Sum>,
}

/// Where verified content is.
pub enum Kept {
    /// In memory.
    Memory(Vec<u8>),
    /// In a durable file.
    File(Writing),
    /// Nowhere.
    Nowhere,
}

impl Ingest {
    /// Begins. `wanted` is the algorithm to compute in any case.
    pub fn new(expected: Expected, wanted: Option<Algorithm>, sink: Sink) -> Self {
        let decoder = match expected.framing {
            Framing::Plain => None,
            Framing::Chunked(verifier, signed) => Some(Decoder::new(verifier.map(|v| *v), signed)),
        };
        let sent = expected.checksum.as_ref().map(|(algorithm, _)| *algorithm).or(expected.trailer);
        let mut algorithms: Vec<Algorithm> = wanted.into_iter().chain(sent).collect();
        algorithms.dedup();
        Ingest {
            decoder,
            content: Content {
                length: expected.length,
                at_most: expected.at_most,
                seen: 0,
                md5: Md5::new(),
                sha256: expected.sha256.map(|_| Sha256::default()),
                sums: algorithms.into_iter().map(Running::new).collect(),
                sink,
                sealing: None,
            },
            md5_expected: expected.md5,
            sha256_expected: expected.sha256,
            checksum_expected: expected.checksum,
            trailer: expected.trailer,
        }
    }

    /// Encrypts the content before it goes anywhere.
    #[must_use]
    pub fn sealed_by(mut self, sealing: Option<Sealing>) -> Self {
        self.content.sealing = sealing;
        self
    }

    /// Bytes of content that are expected, or the most there can be.
    pub fn length(&self) -> u64 {
        self.content.length
    }

    /// Whether taking content in does nothing slow.
    pub fn in_memory(&self) -> bool {
        matches!(self.content.sink, Sink::Memory(_))
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, raw: &[u8]) -> Result<(), Error> {
        match &mut self.decoder {
            None => self.content.take(raw),
            Some(decoder) => {
                let content = &mut self.content;
                decoder.push(raw, |data| content.take(data))
            }
        }
    }

    /// Verifies the whole and makes it durable.
    pub fn finish(mut self) -> Result<Received, Error> {
        let trailers = self.decoder.take().map(Decoder::finish).transpose()?;
        if self.content.seen != self.content.length && !self.content.at_most {
            return Err(Error::IncompleteBody);
        }
        if let Some(trailers) = trailers {
            self.take_trailers(&trailers)?;
        }
        let sealed = self.content.end_sealing()?;
        let Content { length, seen, md5, sha256, sums, sink, .. } = self.content;
        if let (Some(declared), Some(computed)) = (self.sha256_expected, sha256.map(Sha256::finish))
            && declared != computed
        {
            return Err(Error::PayloadMismatch { declared: hex(&declared), computed: hex(&computed) });
        }
        let md5: [u8; 16] = md5.finalize().into();
        if let Some(declared) = self.md5_expected.filter(|declared| *declared != md5) {
            return Err(Error::Md5Mismatch {
                declared: STANDARD.encode(declared),
                computed: STANDARD.encode(md5),
            });
        }
        let sums: Vec<Sum> = sums.into_iter().map(Running::finish).collect();
        if let Some((algorithm, raw)) = &self.checksum_expected
            && !sums.iter().any(|sum| sum.algorithm == *algorithm && sum.raw == *raw)
        {
            return Err(Error::ChecksumMismatch(*algorithm));
        }
        let kept = match sink {
            Sink::Memory(bytes) => Kept::Memory(bytes),
            Sink::File(file) => Kept::File(file.finish()?.0),
            Sink::Nowhere => Kept::Nowhere,
        };
        let stored = if sealed { stored_length(length) } else { seen };
        Ok(Received { kept, size: seen, stored, md5, sums })
    }

    /// The checksum of the trailer becomes the expected one; nothing else may stand there.
    fn take_trailers(&mut self, trailers: &[(String, String)]) -> Result<(), Error> {
        match (self.trailer, trailers) {
            (None, []) => Ok(()),
            (Some(algorithm), [(name, value)]) if name == algorithm.header() => {
                let raw = algorithm.decode(value).ok_or_else(|| super::expect::invalid_value(name))?;
                self.checksum_expected = Some((algorithm, raw));
                Ok(())
            }
            _ => Err(Error::MalformedTrailer),
        }
    }
}

impl Content {
    fn take(&mut self, data: &[u8]) -> Result<(), Error> {
        self.seen += data.len() as u64;
        if self.seen > self.length {
            return Err(Error::IncompleteBody);
        }
        self.md5.update(data);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(data);
        }
        for sum in &mut self.sums {
            sum.update(data);
        }
        let sink = &mut self.sink;
        match &mut self.sealing {
            None => sink.write(data),
            Some(sealing) => sealing.push(data, &mut |stored| sink.write(stored)),
        }
    }

    /// Gives out the last frame, where content is encrypted; says whether it is. Content that is shorter than it was
    /// encrypted for is filled up.
    fn end_sealing(&mut self) -> Result<bool, Error> {
        let Some(mut sealing) = self.sealing.take() else { return Ok(false) };
        let sink = &mut self.sink;
        let mut left = self.length - self.seen;
        while left > 0 {
            let now = left.min(FILLING.len() as u64);
            let filling = FILLING.get(..usize::try_from(now).unwrap_or_default()).unwrap_or_default();
            sealing.push(filling, &mut |stored| sink.write(stored))?;
            left -= now;
        }
        sealing.finish(&mut |stored| sink.write(stored)).map(|()| true)
    }
}
