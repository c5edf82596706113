//! The rules of tags: what keys and values may be, and how many a resource may have.

use calls::Tag;

use crate::error::Error;

/// Tags that a resource may have.
pub const MAX_TAGS: usize = 50;

/// Checks tags that a request brings for one resource: lengths, reserved keys, doubles, number.
pub fn check(tags: &[Tag]) -> Result<(), Error> {
    for (at, tag) in tags.iter().enumerate() {
        let length = tag.key.chars().count();
        if length == 0 {
            return Err(Error::value("Tag key cannot be empty. Specify a key of 1 to 128 characters."));
        }
        if length > 128 {
            return Err(Error::value(format!(
                "Tag key exceeds the maximum length of 128 characters: '{}'",
                tag.key
            )));
        }
        if tag.value.chars().count() > 256 {
            return Err(Error::value(format!(
                "Tag value exceeds the maximum length of 256 characters: tag '{}'",
                tag.key
            )));
        }
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::value(format!(
                "Tag keys starting with 'aws:' are reserved for internal use: '{}'",
                tag.key
            )));
        }
        if tags[..at].iter().any(|other| other.key == tag.key) {
            return Err(Error::value(format!("Duplicate tag key '{}' specified.", tag.key)));
        }
    }
    if tags.len() > MAX_TAGS { Err(Error::TooManyTags) } else { Ok(()) }
}

/// `tags` with those of `put` set.
pub fn put(tags: &mut Vec<Tag>, put: &[Tag]) -> Result<(), Error> {
    for tag in put {
        match tags.iter_mut().find(|own| own.key == tag.key) {
            Some(own) => own.value.clone_from(&tag.value),
            None => tags.push(tag.clone()),
        }
    }
    if tags.len() > MAX_TAGS { Err(Error::TooManyTags) } else { Ok(()) }
}

/// `tags` without those of `remove`: with a value only if it is the same.
pub fn remove(tags: &mut Vec<Tag>, remove: &[(String, Option<String>)]) {
    tags.retain(|tag| {
        !remove.iter().any(|(key, value)| *key == tag.key && value.as_ref().is_none_or(|v| *v == tag.value))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    #[test]
    fn bad_tags_are_refused_by_name() {
        assert!(check(&[tag("Name", ""), tag("name", "x")]).is_ok());
        for bad in [
            tag("", "x"),
            tag("aws:x", "y"),
            tag("AWS:x", "y"),
            tag(&"k".repeat(129), ""),
            tag("k", &"v".repeat(257)),
        ] {
            assert!(check(&[bad]).is_err());
        }
        assert!(check(&[tag("a", "1"), tag("a", "2")]).unwrap_err().to_string().contains("Duplicate"));
        let many: Vec<_> = (0..51).map(|n| tag(&n.to_string(), "")).collect();
        assert!(matches!(check(&many), Err(Error::TooManyTags)));
    }

    #[test]
    fn putting_replaces_and_removing_looks_at_the_value_it_was_given() {
        let mut tags = vec![tag("a", "1")];
        put(&mut tags, &[tag("a", "2"), tag("b", "")]).unwrap();
        assert_eq!(tags, [tag("a", "2"), tag("b", "")]);
        remove(&mut tags, &[("a".into(), Some("1".into()))]);
        assert_eq!(tags.len(), 2);
        remove(&mut tags, &[("a".into(), Some("2".into())), ("b".into(), None)]);
        assert!(tags.is_empty());
    }
}
