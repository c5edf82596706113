//! Tags and their rules. A key stands for the same tag whatever its case, as IAM has it: a tag that is set again under
//! another spelling takes the place of the first.

use std::collections::BTreeSet;

use calls::Tag;

use super::names;
use crate::error::Error;

/// Tags that one thing may have.
const MAX_TAGS: usize = 50;

/// Refuses tags of a request that break a rule.
pub fn check(tags: &[Tag]) -> Result<(), Error> {
    limit(tags.len())?;
    let mut keys = BTreeSet::new();
    for (index, tag) in (1..).zip(tags) {
        text(&format!("tags.{index}.member.key"), &tag.key, 1, 128)?;
        text(&format!("tags.{index}.member.value"), &tag.value, 0, 256)?;
        not_reserved(&tag.key)?;
        if !keys.insert(tag.key.to_lowercase()) {
            return Err(Error::InvalidInput(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".into(),
            ));
        }
    }
    Ok(())
}

/// Refuses keys of a request that cannot be those of tags.
pub fn check_keys(keys: &[String]) -> Result<(), Error> {
    limit(keys.len())?;
    (1..).zip(keys).try_for_each(|(index, key)| text(&format!("tagKeys.{index}.member"), key, 1, 128))?;
    keys.iter().try_for_each(|key| not_reserved(key))
}

/// Adds tags, each in place of the one of its key.
pub fn merge(tags: &mut Vec<Tag>, new: Vec<Tag>) -> Result<(), Error> {
    tags.retain(|tag| !new.iter().any(|new| same(&new.key, &tag.key)));
    tags.extend(new);
    limit(tags.len())
}

/// Takes tags away; keys that are not there do not matter.
pub fn remove(tags: &mut Vec<Tag>, keys: &[String]) {
    tags.retain(|tag| !keys.iter().any(|key| same(key, &tag.key)));
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn limit(tags: usize) -> Result<(), Error> {
    match tags > MAX_TAGS {
        true => Err(Error::QuotaExceeded { quota: "TagsPerResource".into(), limit: MAX_TAGS }),
        false => Ok(()),
    }
}

fn not_reserved(key: &str) -> Result<(), Error> {
    match key.to_lowercase().starts_with("aws:") {
        true => Err(Error::InvalidInput("Tag keys beginning with aws: are reserved.".into())),
        false => Ok(()),
    }
}

fn text(field: &str, text: &str, min: usize, max: usize) -> Result<(), Error> {
    names::length(field, text, min, max)?;
    let fine = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    match text.chars().all(fine) {
        true => Ok(()),
        false => Err(names::pattern(field, text, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    #[test]
    fn keys_are_of_letters_not_reserved_and_stand_once() {
        assert!(check(&[tag("a", ""), tag("b c", "x@y")]).is_ok());
        for bad in [
            vec![tag("a", ""), tag("A", "")],
            vec![tag("aws:x", "")],
            vec![tag("AWS:x", "")],
            vec![tag("", "")],
            vec![tag("a?", "")],
            vec![tag("a", "?")],
            (0..51).map(|n| tag(&n.to_string(), "")).collect(),
        ] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
        assert!(check_keys(&["a".into()]).is_ok());
        assert!(check_keys(&["a?".into()]).is_err());
        assert!(matches!(check_keys(&["AWS:x".into()]), Err(Error::InvalidInput(_))));
    }

    #[test]
    fn a_tag_takes_the_place_of_its_namesake_whatever_the_case() {
        let mut tags = vec![tag("Team", "red"), tag("x", "1")];
        merge(&mut tags, vec![tag("team", "blue")]).unwrap();
        assert_eq!(tags, [tag("x", "1"), tag("team", "blue")]);
        let many: Vec<Tag> = (0..49).map(|n| tag(&format!("k{n}"), "")).collect();
        assert!(merge(&mut tags.clone(), many).is_err());
        remove(&mut tags, &["TEAM".into(), "nothing".into()]);
        assert_eq!(tags, [tag("x", "1")]);
    }
}
