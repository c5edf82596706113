//! Names, numbers and texts of KMS's requests: ids, ARNs and aliases of keys, contexts, limits.

use std::collections::{BTreeMap, BTreeSet};

use calls::Tag;

use super::kms_error::KmsError;

type Checked = Result<(), KmsError>;

/// What a request may give where it means a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRef {
    /// A key's id.
    Key {
        /// Its account.
        account: String,
        /// The UUID.
        id: String,
    },
    /// An alias.
    Alias {
        /// Its account.
        account: String,
        /// `alias/...`.
        name: String,
    },
}

/// `arn:aws:kms:us-east-1:123456789012:key/...`
pub fn key_arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// `arn:aws:kms:us-east-1:123456789012:alias/...`
pub fn alias_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:{name}")
}

/// Reads an id, an ARN, an alias or an alias's ARN.
pub fn key_ref(text: &str, region: &str, account: &str) -> Result<KeyRef, KmsError> {
    length("keyId", text, 1, 2048)?;
    let invalid = || KmsError::NotFound(format!("Invalid keyId '{text}'"));
    if text.starts_with("arn:") {
        let mut parts = text.splitn(6, ':').skip(2);
        let (Some("kms"), Some(its_region), Some(owner), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(KmsError::InvalidArn(text.to_owned()));
        };
        if owner.len() != 12 || !owner.bytes().all(|b| b.is_ascii_digit()) {
            return Err(KmsError::InvalidArn(text.to_owned()));
        }
        if its_region != region {
            return Err(KmsError::NotFound(format!("Invalid arn {its_region}")));
        }
        return match name.strip_prefix("key/") {
            Some(id) => Ok(KeyRef::Key { account: owner.into(), id: id.to_ascii_lowercase() }),
            None if is_alias(name) => Ok(KeyRef::Alias { account: owner.into(), name: name.into() }),
            None => Err(KmsError::InvalidArn(text.to_owned())),
        };
    }
    if text.starts_with("alias/") {
        return match is_alias(text) {
            true => Ok(KeyRef::Alias { account: account.into(), name: text.into() }),
            false => Err(invalid()),
        };
    }
    match uuid::Uuid::try_parse(text) {
        Ok(id) if text.len() == 36 => {
            Ok(KeyRef::Key { account: account.into(), id: id.hyphenated().to_string() })
        }
        _ => Err(invalid()),
    }
}

fn is_alias(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_-".contains(&b);
    name.len() <= 256
        && name.strip_prefix("alias/").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

/// An alias that a request makes, changes or deletes.
pub fn alias(name: &str) -> Checked {
    length("aliasName", name, 1, 256)?;
    if !name.starts_with("alias/") {
        return Err(KmsError::InvalidAlias(format!(
            "Alias must start with the prefix \"alias/\". Please see {ALIASES}"
        )));
    }
    if !is_alias(name) {
        return Err(KmsError::InvalidAlias(format!(
            "{name} contains invalid characters for an alias. Please see {ALIASES}"
        )));
    }
    if name.starts_with("alias/aws/") {
        return Err(KmsError::InvalidAlias("Alias names beginning with alias/aws/ are reserved".into()));
    }
    Ok(())
}

const ALIASES: &str = "the rules for alias names: letters, digits, '/', '_' and '-' after \"alias/\"";

/// A text's length in characters.
pub fn length(field: &str, text: &str, min: usize, max: usize) -> Checked {
    let count = text.chars().count();
    let what = match count {
        _ if count < min => format!("Member must have length greater than or equal to {min}"),
        _ if count > max => format!("Member must have length less than or equal to {max}"),
        _ => return Ok(()),
    };
    let shown: String = text.chars().take(2048).collect();
    Err(constraint(&shown, field, &what))
}

/// A number's range.
pub fn between(field: &str, value: i32, min: i32, max: i32) -> Checked {
    let what = match value {
        _ if value < min => format!("Member must have value greater than or equal to {min}"),
        _ if value > max => format!("Member must have value less than or equal to {max}"),
        _ => return Ok(()),
    };
    Err(constraint(&value.to_string(), field, &what))
}

/// A word that is none of those that a parameter may be.
pub fn not_one_of(field: &str, value: &str, words: &[&str]) -> KmsError {
    let shown: String = value.chars().take(256).collect();
    constraint(&shown, field, &format!("Member must satisfy enum value set: [{}]", words.join(", ")))
}

fn constraint(value: &str, field: &str, what: &str) -> KmsError {
    KmsError::Validation(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {what}"
    ))
}

/// An encryption context: at most 8 KiB in all.
pub fn context(pairs: &BTreeMap<String, String>) -> Checked {
    let size: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    match size <= 8192 {
        true => Ok(()),
        false => Err(KmsError::Validation("The encryption context is larger than 8192 bytes".into())),
    }
}

/// `SYMMETRIC_DEFAULT` is the one algorithm there is.
pub fn algorithm(given: Option<&str>) -> Checked {
    const OTHERS: [&str; 3] = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];
    match given {
        None | Some("SYMMETRIC_DEFAULT") => Ok(()),
        Some(other) if OTHERS.contains(&other) => Err(KmsError::Unsupported(format!(
            "The algorithm {other} is not offered: keys here are symmetric"
        ))),
        Some(other) => Err(not_one_of("encryptionAlgorithm", other, &["SYMMETRIC_DEFAULT"])),
    }
}

fn not_reserved(key: &str) -> Checked {
    match key.to_lowercase().starts_with("aws:") {
        true => Err(KmsError::Tag("Tag keys beginning with aws: are reserved".into())),
        false => Ok(()),
    }
}

/// Keys of tags that a key is to lose.
pub fn untagged(keys: &[String]) -> Checked {
    keys.iter().try_for_each(|key| not_reserved(key))
}

/// Tags that a key is to have besides `present`.
pub fn tags(present: &[Tag], added: &[Tag]) -> Result<Vec<Tag>, KmsError> {
    let mut all: BTreeMap<String, String> =
        present.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let mut seen = BTreeSet::new();
    for tag in added {
        let sized = (1..=128).contains(&tag.key.chars().count()) && tag.value.chars().count() <= 256;
        let fine = |text: &str| {
            text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
        };
        if !sized || !fine(&tag.key) || !fine(&tag.value) {
            return Err(KmsError::Tag(
                "A tag key or value has characters or a length that tags cannot have".into(),
            ));
        }
        not_reserved(&tag.key)?;
        if !seen.insert(&tag.key) {
            return Err(KmsError::Tag("Duplicate tag keys".into()));
        }
        all.insert(tag.key.clone(), tag.value.clone());
    }
    if all.len() > 50 {
        return Err(KmsError::LimitExceeded("A key can have at most 50 tags".into()));
    }
    Ok(all.into_iter().map(|(key, value)| Tag { key, value }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const OWN: &str = "123456789012";

    #[test]
    fn a_key_goes_by_four_kinds_of_name() {
        let read = |text: &str| key_ref(text, "us-east-1", OWN);
        let key = |account: &str| Ok(KeyRef::Key { account: account.into(), id: ID.into() });
        assert_eq!(read(ID), key(OWN));
        assert_eq!(read(&key_arn("us-east-1", "210987654321", ID)), key("210987654321"));
        let alias = |account: &str| Ok(KeyRef::Alias { account: account.into(), name: "alias/a".into() });
        assert_eq!(read("alias/a"), alias(OWN));
        assert_eq!(read(&alias_arn("us-east-1", "210987654321", "alias/a")), alias("210987654321"));
        for bad in ["nonsense", "alias/", "alias/a b", "1234ABCD12ab34cd56ef1234567890ab"] {
            assert!(matches!(read(bad), Err(KmsError::NotFound(_))), "{bad}");
        }
        assert!(matches!(read(&key_arn("eu-west-1", OWN, ID)), Err(KmsError::NotFound(_))));
        for bad in
            ["arn:aws:s3:::b", "arn:aws:kms:us-east-1:1:key/x", "arn:aws:kms:us-east-1:123456789012:x/y"]
        {
            assert!(matches!(read(bad), Err(KmsError::InvalidArn(_))), "{bad}");
        }
        assert!(matches!(read(""), Err(KmsError::Validation(_))));
    }

    #[test]
    fn aliases_and_tags_keep_their_rules() {
        assert!(alias("alias/my/key-1_x").is_ok());
        for bad in ["key", "alias/", "alias/a b", "alias/aws/s3", "alias/ä"] {
            assert!(matches!(alias(bad), Err(KmsError::InvalidAlias(_))), "{bad}");
        }
        let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
        assert_eq!(tags(&[tag("a", "1")], &[tag("a", "2")]).unwrap(), [tag("a", "2")]);
        for bad in [vec![tag("a", ""), tag("a", "")], vec![tag("aws:x", "")], vec![tag("", "")]] {
            assert!(matches!(tags(&[], &bad), Err(KmsError::Tag(_))), "{bad:?}");
        }
    }
}
