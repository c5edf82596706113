//! Names of stored data and of uploads: time first, then chance, so that what is made together lies together.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// Names one piece of stored data, for ever: 48 bits of milliseconds, 80 bits of randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataId(u128);

impl DataId {
    /// A fresh name.
    pub fn new(now: Timestamp, random: u128) -> Self {
        let ms = u128::try_from(now.as_millisecond()).unwrap_or(0) & ((1 << 48) - 1);
        DataId(ms << 80 | random & ((1 << 80) - 1))
    }

    /// As bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Which of the 256 directories its file lies in.
    pub fn shard(self) -> u8 {
        (self.0 & 0xff) as u8
    }
}

impl fmt::Display for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for DataId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(id) if digits => Ok(DataId(id)),
            _ => Err(format!("`{text}` is not the name of stored data")),
        }
    }
}

/// Text where people may read it, 16 bytes where they do not.
impl Serialize for DataId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_u128(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for DataId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => String::deserialize(deserializer)?.parse().map_err(D::Error::custom),
            false => u128::deserialize(deserializer).map(DataId),
        }
    }
}

impl store::Key for DataId {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, store::Error> {
        u128::decode(input).map(DataId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_as_text() {
        let early = DataId::new(Timestamp::from_second(1000).unwrap(), u128::MAX);
        let late = DataId::new(Timestamp::from_second(1001).unwrap(), 0);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.shard(), 0xff);
        for wrong in ["", "0", "../../../../../../../../etc/pass", &"A".repeat(32)] {
            assert!(wrong.parse::<DataId>().is_err());
        }
    }
}
