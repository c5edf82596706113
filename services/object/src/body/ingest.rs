//! Where content ends up: memory for what is small, a file for the rest; hashed on the way, verified at the end.
//! Blocks; runs apart from the async threads except for small content.

use std::ops::Range;

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

/// A body being taken in. What it consists of may be worked on apart, see [`Ingest::apart`].
pub struct Ingest {
    head: Head,
    hashing: Hashing,
    keeping: Keeping,
}

/// What is expected, and how much of it has come.
pub struct Head {
    decoder: Option<Decoder>,
    length: u64,
    at_most: bool,
    seen: u64,
    md5_expected: Option<[u8; 16]>,
    sha256_expected: Option<[u8; 32]>,
    checksum_expected: Option<(Algorithm, Vec<u8>)>,
    trailer: Option<Algorithm>,
}

/// The digests of the content so far.
pub struct Hashing {
    md5: Md5,
    sha256: Option<Sha256>,
    sums: Vec<Running>,
}

/// Where the content goes, and what it is encrypted by on its way.
pub struct Keeping {
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
    pub fn new(expected: Expected, wanted: Option<Algorithm>, mut sink: Sink) -> Self {
        let decoder = match expected.framing {
            Framing::Plain => None,
            Framing::Chunked(verifier, signed) => Some(Decoder::new(verifier.map(|v| *v), signed)),
        };
        let sent = expected.checksum.as_ref().map(|(algorithm, _)| *algorithm).or(expected.trailer);
        let mut algorithms: Vec<Algorithm> = wanted.into_iter().chain(sent).collect();
        algorithms.dedup();
        if let Sink::File(file) = &mut sink
            && !expected.at_most
        {
            file.will_hold(expected.length);
        }
        Ingest {
            head: Head {
                decoder,
                length: expected.length,
                at_most: expected.at_most,
                seen: 0,
                md5_expected: expected.md5,
                sha256_expected: expected.sha256,
                checksum_expected: expected.checksum,
                trailer: expected.trailer,
            },
            hashing: Hashing {
                md5: Md5::new(),
                sha256: expected.sha256.map(|_| Sha256::default()),
                sums: algorithms.into_iter().map(Running::new).collect(),
            },
            keeping: Keeping { sink, sealing: None },
        }
    }

    /// Encrypts the content before it goes anywhere.
    #[must_use]
    pub fn sealed_by(mut self, sealing: Option<Sealing>) -> Self {
        if let (Some(_), Sink::File(file)) = (&sealing, &mut self.keeping.sink) {
            file.will_hold(stored_length(self.head.length));
        }
        self.keeping.sealing = sealing;
        self
    }

    /// Bytes of content that are expected, or the most there can be.
    pub fn length(&self) -> u64 {
        self.head.length
    }

    /// Whether taking content in does nothing slow.
    pub fn in_memory(&self) -> bool {
        matches!(self.keeping.sink, Sink::Memory(_))
    }

    /// Its parts: the first is asked where the content is in what has come, and the other two, on threads of their
    /// own, then take that in.
    pub fn apart(self) -> (Head, Hashing, Keeping) {
        (self.head, self.hashing, self.keeping)
    }

    /// From its parts, which have taken in the same.
    pub fn of(head: Head, hashing: Hashing, keeping: Keeping) -> Self {
        Ingest { head, hashing, keeping }
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, raw: &[u8]) -> Result<(), Error> {
        for place in self.head.find(raw)? {
            let content = &raw[place];
            self.hashing.take(content);
            self.keeping.take(content)?;
        }
        Ok(())
    }

    /// Verifies the whole and makes it durable.
    pub fn finish(mut self) -> Result<Received, Error> {
        let trailers = self.head.decoder.take().map(Decoder::finish).transpose()?;
        if self.head.seen != self.head.length && !self.head.at_most {
            return Err(Error::IncompleteBody);
        }
        if let Some(trailers) = trailers {
            self.head.take_trailers(&trailers)?;
        }
        let sealed = self.keeping.end_sealing(self.head.length - self.head.seen)?;
        let Ingest { head, hashing, keeping } = self;
        let (md5, sums) = hashing.finish(&head)?;
        let kept = match keeping.sink {
            Sink::Memory(bytes) => Kept::Memory(bytes),
            Sink::File(file) => Kept::File(file.finish()?.0),
            Sink::Nowhere => Kept::Nowhere,
        };
        let stored = if sealed { stored_length(head.length) } else { head.seen };
        Ok(Received { kept, size: head.seen, stored, md5, sums })
    }
}

impl Head {
    /// Whether finding the content in what has come takes work.
    pub fn is_framed(&self) -> bool {
        self.decoder.is_some()
    }

    /// Where in the next piece of the body the content is. Chunks that are signed are verified.
    pub fn find(&mut self, raw: &[u8]) -> Result<Vec<Range<usize>>, Error> {
        let mut places = Vec::with_capacity(1);
        let mut found = |place: Range<usize>| {
            self.seen += place.len() as u64;
            places.push(place);
            if self.seen > self.length { Err(Error::IncompleteBody) } else { Ok(()) }
        };
        match &mut self.decoder {
            None => found(0..raw.len())?,
            Some(decoder) => decoder.find(raw, found)?,
        }
        Ok(places)
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

impl Hashing {
    /// Takes in what comes next.
    pub fn take(&mut self, content: &[u8]) {
        self.md5.update(content);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(content);
        }
        for sum in &mut self.sums {
            sum.update(content);
        }
    }

    /// MD5 and checksums, provided that they are the expected ones.
    fn finish(self, head: &Head) -> Result<([u8; 16], Vec<Sum>), Error> {
        if let (Some(declared), Some(computed)) = (head.sha256_expected, self.sha256.map(Sha256::finish))
            && declared != computed
        {
            return Err(Error::PayloadMismatch { declared: hex(&declared), computed: hex(&computed) });
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        if let Some(declared) = head.md5_expected.filter(|declared| *declared != md5) {
            return Err(Error::Md5Mismatch {
                declared: STANDARD.encode(declared),
                computed: STANDARD.encode(md5),
            });
        }
        let sums: Vec<Sum> = self.sums.into_iter().map(Running::finish).collect();
        if let Some((algorithm, raw)) = &head.checksum_expected
            && !sums.iter().any(|sum| sum.algorithm == *algorithm && sum.raw == *raw)
        {
            return Err(Error::ChecksumMismatch(*algorithm));
        }
        Ok((md5, sums))
    }
}

impl Keeping {
    /// Takes in what comes next.
    pub fn take(&mut self, content: &[u8]) -> Result<(), Error> {
        let sink = &mut self.sink;
        match &mut self.sealing {
            None => sink.write(content),
            Some(sealing) => sealing.push(content, &mut |stored| sink.write(stored)),
        }
    }

    /// Gives out the last frame, where content is encrypted; says whether it is. Content that is shorter, by so much,
    /// than it was encrypted for is filled up.
    fn end_sealing(&mut self, mut short: u64) -> Result<bool, Error> {
        let Some(mut sealing) = self.sealing.take() else { return Ok(false) };
        let sink = &mut self.sink;
        while short > 0 {
            let now = short.min(FILLING.len() as u64);
            let filling = FILLING.get(..usize::try_from(now).unwrap_or_default()).unwrap_or_default();
            sealing.push(filling, &mut |stored| sink.write(stored))?;
            short -= now;
        }
        sealing.finish(&mut |stored| sink.write(stored)).map(|()| true)
    }
}
