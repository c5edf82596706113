//! The checksums that S3 knows: computing, comparing, and joining those of parts.

use auth::sigv4::Hasher as Sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde::{Deserialize, Serialize};

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// `CRC32`.
    #[serde(rename = "CRC32")]
    Crc32,
    /// `CRC32C`.
    #[serde(rename = "CRC32C")]
    Crc32c,
    /// `CRC64NVME`: what S3 itself adds to uploads that bring none.
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    /// `SHA1`.
    #[serde(rename = "SHA1")]
    Sha1,
    /// `SHA256`.
    #[serde(rename = "SHA256")]
    Sha256,
}

/// What the checksum of an object in parts is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Of the whole content.
    #[serde(rename = "FULL_OBJECT")]
    FullObject,
    /// Of the parts' checksums.
    #[serde(rename = "COMPOSITE")]
    Composite,
}

impl Kind {
    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::FullObject => "FULL_OBJECT",
            Kind::Composite => "COMPOSITE",
        }
    }
}

impl Algorithm {
    /// All that are offered.
    pub const ALL: [Algorithm; 5] =
        [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme, Algorithm::Sha1, Algorithm::Sha256];

    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
        }
    }

    /// The header that carries it.
    pub const fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The algorithm of AWS's word, in any case.
    pub fn of(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The algorithm of a header or trailer.
    pub fn of_header(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
    }

    /// Bytes of the raw value.
    pub const fn length(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme => 8,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
        }
    }

    /// The raw value of base64 text; none when it is not one of this algorithm.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        STANDARD.decode(text.trim()).ok().filter(|raw| raw.len() == self.length())
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1 | Algorithm::Sha256 => None,
        }
    }

    /// The kind an upload in parts gets when it does not ask; none when the pair does not exist.
    pub fn kind_for_parts(self, asked: Option<Kind>) -> Option<Kind> {
        match (self, asked) {
            (Algorithm::Crc64Nvme, Some(Kind::Composite)) => None,
            (Algorithm::Crc64Nvme, _) => Some(Kind::FullObject),
            (Algorithm::Sha1 | Algorithm::Sha256, Some(Kind::FullObject)) => None,
            (_, asked) => Some(asked.unwrap_or(Kind::Composite)),
        }
    }
}

/// A checksum being computed.
pub enum Running {
    /// One of the CRCs.
    Crc(Algorithm, Box<Digest>),
    /// SHA-1.
    Sha1(Context),
    /// SHA-256.
    Sha256(Sha256),
}

impl Running {
    /// Begins.
    pub fn new(algorithm: Algorithm) -> Self {
        match (algorithm.crc(), algorithm) {
            (Some(crc), _) => Running::Crc(algorithm, Box::new(Digest::new(crc))),
            (None, Algorithm::Sha256) => Running::Sha256(Sha256::default()),
            (None, _) => Running::Sha1(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
        }
    }

    /// Takes in the next piece.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Running::Crc(_, digest) => digest.update(data),
            Running::Sha1(context) => context.update(data),
            Running::Sha256(hasher) => hasher.update(data),
        }
    }

    /// The value.
    pub fn finish(self) -> Sum {
        match self {
            Running::Crc(algorithm, digest) => {
                Sum { algorithm, raw: crc_bytes(algorithm, digest.finalize()) }
            }
            Running::Sha1(context) => {
                Sum { algorithm: Algorithm::Sha1, raw: context.finish().as_ref().to_vec() }
            }
            Running::Sha256(hasher) => Sum { algorithm: Algorithm::Sha256, raw: hasher.finish().to_vec() },
        }
    }
}

fn crc_bytes(algorithm: Algorithm, value: u64) -> Vec<u8> {
    value.to_be_bytes()[8 - algorithm.length()..].to_vec()
}

/// A checksum of some content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Big-endian bytes.
    pub raw: Vec<u8>,
}

impl Sum {
    /// As it goes over the wire.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.raw)
    }
}

/// The stored checksum of an object or a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Of the whole, or of parts.
    pub kind: Kind,
    /// Base64; of a composite one with `-N` behind it.
    pub value: String,
}

impl From<Sum> for Checksum {
    fn from(sum: Sum) -> Self {
        Checksum { algorithm: sum.algorithm, kind: Kind::FullObject, value: sum.base64() }
    }
}

/// The checksum of an object whose parts have these raw values and lengths, in order.
pub fn join(algorithm: Algorithm, kind: Kind, parts: &[(Vec<u8>, u64)]) -> Checksum {
    let value = match (kind, algorithm.crc()) {
        (Kind::FullObject, Some(crc)) => STANDARD.encode(join_crc(algorithm, crc, parts)),
        _ => {
            let mut running = Running::new(algorithm);
            for (raw, _) in parts {
                running.update(raw);
            }
            format!("{}-{}", running.finish().base64(), parts.len())
        }
    };
    Checksum { algorithm, kind, value }
}

fn join_crc(algorithm: Algorithm, crc: CrcAlgorithm, parts: &[(Vec<u8>, u64)]) -> Vec<u8> {
    let number = |raw: &[u8]| raw.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    let mut parts = parts.iter();
    let first = parts.next().map_or(0, |(raw, _)| number(raw));
    let whole =
        parts.fold(first, |so_far, (raw, length)| checksum_combine(crc, so_far, number(raw), *length));
    crc_bytes(algorithm, whole)
}

/// The ETag of an object in parts: the MD5 of the parts' MD5s and their number.
pub fn etag_of_parts(md5s: &[[u8; 16]]) -> String {
    use md5::{Digest as _, Md5};
    let mut md5 = Md5::new();
    for part in md5s {
        md5.update(part);
    }
    format!("{}-{}", auth::sigv4::hex(&md5.finalize()), md5s.len())
}

/// SHA-1 of a text, for tests and short values.
pub fn sha1(data: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(algorithm: Algorithm, data: &[u8]) -> Sum {
        let mut running = Running::new(algorithm);
        for piece in data.chunks(7) {
            running.update(piece);
        }
        running.finish()
    }

    #[test]
    fn known_values() {
        let of = |algorithm| sum(algorithm, b"hello world").base64();
        assert_eq!(of(Algorithm::Crc32), "DUoRhQ==");
        assert_eq!(of(Algorithm::Crc32c), "yZRlqg==");
        assert_eq!(of(Algorithm::Crc64Nvme), "jSnVw/bqjr4=");
        assert_eq!(of(Algorithm::Sha1), "Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
        assert_eq!(of(Algorithm::Sha256), "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=");
    }

    #[test]
    fn crcs_of_parts_join_to_the_crc_of_the_whole() {
        let parts: [&[u8]; 3] = [b"one part", b"", b"and another one"];
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let sums: Vec<_> =
                parts.iter().map(|part| (sum(algorithm, part).raw, part.len() as u64)).collect();
            let whole = sum(algorithm, &parts.concat());
            assert_eq!(join(algorithm, Kind::FullObject, &sums).value, whole.base64(), "{algorithm:?}");
        }
        let sums = [(vec![1; 32], 1), (vec![2; 32], 1)];
        assert!(join(Algorithm::Sha256, Kind::Composite, &sums).value.ends_with("-2"));
    }

    #[test]
    fn kinds_that_do_not_exist_are_refused() {
        assert_eq!(Algorithm::Crc64Nvme.kind_for_parts(Some(Kind::Composite)), None);
        assert_eq!(Algorithm::Sha256.kind_for_parts(Some(Kind::FullObject)), None);
        assert_eq!(Algorithm::Crc32.kind_for_parts(None), Some(Kind::Composite));
        assert_eq!(Algorithm::Crc64Nvme.kind_for_parts(None), Some(Kind::FullObject));
    }
}
