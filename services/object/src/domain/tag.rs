//! Tags: what keys and values may look like and how many there may be.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::error::Error;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// An object has at most so many.
pub const MAX_OBJECT_TAGS: usize = 10;
/// A bucket has at most so many.
pub const MAX_BUCKET_TAGS: usize = 50;
/// In characters.
const MAX_KEY: usize = 128;
/// In characters.
const MAX_VALUE: usize = 256;
/// Keys of AWS's own tags begin so, in any case.
const RESERVED: &str = "aws:";

/// Holds tags to the rules and puts them in order.
///
/// # Errors
/// `InvalidTag` for a key or value that cannot be one, for AWS's own keys, and for a key given twice.
pub fn checked(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Tags, Error> {
    let mut tags = Tags::new();
    for (key, value) in pairs {
        check_key(&key)?;
        if value.chars().count() > MAX_VALUE || !value.chars().all(is_allowed) {
            return Err(Error::InvalidTag { key, message: "The TagValue you have provided is invalid" });
        }
        match tags.entry(key) {
            Entry::Vacant(place) => drop(place.insert(value)),
            Entry::Occupied(there) => {
                let key = there.key().clone();
                return Err(Error::InvalidTag {
                    key,
                    message: "Cannot provide multiple Tags with the same key",
                });
            }
        }
    }
    Ok(tags)
}

/// Holds one key to the rules.
pub fn check_key(key: &str) -> Result<(), Error> {
    let invalid = |message| Err(Error::InvalidTag { key: key.to_owned(), message });
    if key.is_empty() || key.chars().count() > MAX_KEY || !key.chars().all(is_allowed) {
        return invalid("The TagKey you have provided is invalid");
    }
    match key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED)) {
        true => invalid("System tags cannot be added/updated by requester"),
        false => Ok(()),
    }
}

/// Letters, digits and white space of any script, and a few signs.
fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "+-=._:/@".contains(c)
}

/// Refuses more than an object may have.
pub fn few_for_an_object(tags: &Tags) -> Result<(), Error> {
    match tags.len() > MAX_OBJECT_TAGS {
        true => Err(Error::TooManyTags("Object tags cannot be greater than 10")),
        false => Ok(()),
    }
}

/// Refuses more than a bucket may have.
pub fn few_for_a_bucket(tags: &Tags) -> Result<(), Error> {
    match tags.len() > MAX_BUCKET_TAGS {
        true => Err(Error::TooManyTags("Bucket tag count cannot be greater than 50")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: &str) -> Result<Tags, Error> {
        checked([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn keys_and_values_follow_the_rules() {
        let (long_key, long_value) = ("k".repeat(128), "ä".repeat(256));
        for (key, value) in [
            ("a", ""),
            ("a b+-=._:/@", "x y"),
            ("größe", "中文"),
            (&*long_key, "v"),
            ("k", &*long_value),
            ("aw", ""),
        ] {
            assert!(check(key, value).is_ok(), "{key}={value}");
        }
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        for (key, value) in [
            ("", "v"),
            ("a*", ""),
            ("a", "b&c"),
            ("a\n", ""),
            ("aws:x", ""),
            ("AWS:x", ""),
            (&*long_key, "v"),
            ("k", &*long_value),
        ] {
            assert!(matches!(check(key, value), Err(Error::InvalidTag { .. })), "{key}={value}");
        }
    }

    #[test]
    fn a_key_stands_once_and_there_is_an_end_to_tags() {
        let pair = |key: &str| (key.to_owned(), String::new());
        assert!(checked([pair("a"), pair("a")]).is_err());
        let many = |n: usize| checked((0..n).map(|n| pair(&n.to_string()))).unwrap();
        assert!(few_for_an_object(&many(10)).is_ok() && few_for_an_object(&many(11)).is_err());
        assert!(few_for_a_bucket(&many(50)).is_ok() && few_for_a_bucket(&many(51)).is_err());
    }
}
