//! The aws-chunked decoder: framing, chunk signatures, trailers. A state machine that takes bytes in pieces of any
//! size and gives out content as it goes.

use std::ops::Range;

use auth::sigv4::{ChunkVerifier, Hasher, canonical_trailer, sha256};

use crate::error::Error;

/// A chunk's head or a trailer line is never longer.
const MAX_LINE: usize = 8 << 10;
/// Trailer lines.
const MAX_TRAILERS: usize = 16;
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

enum State {
    Head,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// Decodes one body.
pub struct Decoder {
    state: State,
    line: Vec<u8>,
    verifier: Option<ChunkVerifier>,
    signature: String,
    hasher: Hasher,
    signed_trailer: bool,
    trailers: Vec<(String, String)>,
    last_seen: bool,
}

impl Decoder {
    /// A decoder; with a verifier every chunk must be signed, and with `signed_trailer` the trailer, too.
    pub fn new(verifier: Option<ChunkVerifier>, signed_trailer: bool) -> Self {
        Decoder {
            state: State::Head,
            line: Vec::new(),
            verifier,
            signature: String::new(),
            hasher: Hasher::default(),
            signed_trailer,
            trailers: Vec::new(),
            last_seen: false,
        }
    }

    /// Takes the next piece of the body and hands its content to `sink`.
    ///
    /// # Errors
    /// Of the framing, of a signature, or of the sink.
    pub fn push(
        &mut self,
        raw: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.find(raw, |place| sink(&raw[place]))
    }

    /// The same; `sink` is told where in `raw` the content is.
    ///
    /// # Errors
    /// As above.
    pub fn find(
        &mut self,
        whole: &[u8],
        mut sink: impl FnMut(Range<usize>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut raw = whole;
        while !raw.is_empty() {
            match &mut self.state {
                State::Data { left } => {
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(raw.len());
                    let at = whole.len() - raw.len();
                    let (data, rest) = raw.split_at(take);
                    raw = rest;
                    *left -= take as u64;
                    let ended = *left == 0;
                    if self.verifier.is_some() {
                        self.hasher.update(data);
                    }
                    sink(at..at + take)?;
                    if ended {
                        self.verify_chunk()?;
                        self.state = State::DataEnd;
                    }
                }
                State::Done => return Err(Error::MalformedChunk),
                State::Head | State::DataEnd | State::Trailer => {
                    let (line, rest) = self.take_line(raw)?;
                    raw = rest;
                    if let Some(line) = line {
                        self.line_ended(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the body; gives its trailers.
    ///
    /// # Errors
    /// When it ended early.
    pub fn finish(self) -> Result<Vec<(String, String)>, Error> {
        match self.state {
            State::Done => Ok(self.trailers),
            // some clients leave out the empty line behind the last chunk
            State::Trailer if self.trailers.is_empty() && self.line.is_empty() && !self.signed_trailer => {
                Ok(self.trailers)
            }
            _ => Err(Error::IncompleteBody),
        }
    }

    /// Collects up to the next line feed.
    fn take_line<'r>(&mut self, raw: &'r [u8]) -> Result<(Option<Vec<u8>>, &'r [u8]), Error> {
        let end = raw.iter().position(|byte| *byte == b'\n');
        let (part, rest) = raw.split_at(end.map_or(raw.len(), |at| at + 1));
        if self.line.len() + part.len() > MAX_LINE {
            return Err(Error::MalformedChunk);
        }
        self.line.extend_from_slice(part);
        if end.is_none() {
            return Ok((None, rest));
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok((Some(line), rest))
    }

    fn line_ended(&mut self, line: &[u8]) -> Result<(), Error> {
        match self.state {
            State::Head => self.head(line),
            State::DataEnd if line.is_empty() => {
                self.state = State::Head;
                Ok(())
            }
            State::DataEnd => Err(Error::MalformedChunk),
            State::Trailer if line.is_empty() => self.end(),
            State::Trailer => self.trailer(line),
            State::Data { .. } | State::Done => Err(Error::MalformedChunk),
        }
    }

    /// `size[;chunk-signature=...]`.
    fn head(&mut self, line: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(line).map_err(|_| Error::MalformedChunk)?;
        let (size, extension) = text.split_once(';').unwrap_or((text, ""));
        let size = size.trim_end();
        let digits = !size.is_empty() && size.len() <= 16 && size.bytes().all(|b| b.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16).ok().filter(|_| digits).ok_or(Error::MalformedChunk)?;
        if self.verifier.is_some() {
            let signature = extension.trim().strip_prefix("chunk-signature=");
            self.signature = signature.ok_or(Error::MalformedChunk)?.trim().to_owned();
            self.hasher = Hasher::default();
        }
        if size > 0 {
            self.state = State::Data { left: size };
            return Ok(());
        }
        self.last_seen = true;
        self.verify_chunk()?;
        self.state = State::Trailer;
        Ok(())
    }

    fn verify_chunk(&mut self) -> Result<(), Error> {
        let Some(verifier) = &mut self.verifier else { return Ok(()) };
        let digest = std::mem::take(&mut self.hasher).finish();
        verifier.verify_chunk(&self.signature, &digest).map_err(Error::ChunkSignature)
    }

    fn trailer(&mut self, line: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(line).map_err(|_| Error::MalformedTrailer)?;
        let (name, value) = text.split_once(':').ok_or(Error::MalformedTrailer)?;
        if self.trailers.len() >= MAX_TRAILERS {
            return Err(Error::MalformedTrailer);
        }
        self.trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let at = self.trailers.iter().position(|(name, _)| name == TRAILER_SIGNATURE);
        let signature = at.map(|at| self.trailers.remove(at).1);
        if self.signed_trailer {
            let signature = signature.ok_or(Error::MalformedTrailer)?;
            let lines: Vec<_> = self.trailers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let digest = sha256(&canonical_trailer(&lines));
            if let Some(verifier) = &mut self.verifier {
                verifier.verify_trailer(&signature, &digest).map_err(Error::ChunkSignature)?;
            }
        }
        self.state = State::Done;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Decoded = (Vec<u8>, Vec<(String, String)>);

    fn decode(pieces: &[&[u8]]) -> Result<Decoded, Error> {
        let mut decoder = Decoder::new(None, false);
        let mut out = Vec::new();
        for piece in pieces {
            decoder.push(piece, |data| {
                out.extend_from_slice(data);
                Ok(())
            })?;
        }
        Ok((out, decoder.finish()?))
    }

    proptest! {
        #[test]
        fn any_chunking_in_any_pieces_decodes_to_the_content(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            cut in 1usize..17,
            trailer in any::<bool>(),
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n");
            if trailer {
                wire.extend_from_slice(b"X-Amz-Checksum-CRC32: AAAAAA==\r\n");
            }
            wire.extend_from_slice(b"\r\n");
            let pieces: Vec<&[u8]> = wire.chunks(cut).collect();
            let (content, trailers) = decode(&pieces).unwrap();
            prop_assert_eq!(content, chunks.concat());
            prop_assert_eq!(trailers.len(), usize::from(trailer));
            // cut off anywhere before the last chunk's head it is incomplete
            let short = wire.len() - 4 - if trailer { 33 } else { 0 };
            prop_assert!(decode(&[&wire[..short.saturating_sub(1)]]).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), cut in 1usize..9) {
            let pieces: Vec<&[u8]> = noise.chunks(cut).collect();
            let _ = decode(&pieces);
        }
    }

    #[test]
    fn broken_framing_is_refused() {
        for wire in [
            &b"zz\r\nabc\r\n0\r\n\r\n"[..],
            b"ffffffffffffffffff\r\nabc",
            b"3\r\nabcdef\r\n0\r\n\r\n",
            b"3\r\nabc\r\n",
            b"-3\r\nabc\r\n0\r\n\r\n",
            b"+3\r\nabc\r\n0\r\n\r\n",
            b"\r\n\r\n",
            b"",
            b"0\r\n\r\nmore",
            b"0\r\nno colon\r\n\r\n",
        ] {
            assert!(decode(&[wire]).is_err(), "{}", String::from_utf8_lossy(wire));
        }
        assert!(decode(&[&[b'3'; 70_000]]).is_err());
        assert!(decode(&[b"0\r\n"]).is_ok(), "the empty line at the very end may be missing");
    }
}
