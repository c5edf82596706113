//! Tags: what AWS allows them to be.

use api_spec::ErrorCode;
use api_spec::ec2::common::{RequestTag, TagSpecification};
use calls::Tag;

use crate::error::Error;

/// Tags that a resource may have.
const MAX_TAGS: usize = 50;

/// Reads the tags of a request.
///
/// # Errors
/// `InvalidParameterValue` for keys and values that AWS does not take.
pub fn read(tags: &[RequestTag]) -> Result<Vec<Tag>, Error> {
    let mut read: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        let key = tag.key.clone().ok_or_else(|| Error::missing("Tag.Key"))?;
        let value = tag.value.clone().unwrap_or_default();
        check_key(&key)?;
        if value.chars().count() > 256 {
            return Err(Error::value("Tag value exceeds the maximum length of 256 characters"));
        }
        if read.iter().any(|one| one.key == key) {
            return Err(Error::value(format!("Tag keys must be unique: '{key}' is given twice")));
        }
        read.push(Tag { key, value });
    }
    check_count(&read)?;
    read.sort();
    Ok(read)
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.chars().count() > 128 {
        return Err(Error::value("Tag keys must be 1 to 128 characters long"));
    }
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Err(Error::value(format!(
            "Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use"
        )));
    }
    Ok(())
}

fn check_count(tags: &[Tag]) -> Result<(), Error> {
    if tags.len() > MAX_TAGS {
        let message = format!("The maximum number of Tags for a resource has been reached ({MAX_TAGS})");
        return Err(Error::refused(ErrorCode::TagLimitExceeded, message));
    }
    Ok(())
}

/// Reads TagSpecifications: the tags for each of `kinds`, in that order.
///
/// # Errors
/// `InvalidParameterValue` for a resource type that the request does not create, or that is given twice.
pub fn specified<const N: usize>(
    specifications: &[TagSpecification],
    kinds: [&str; N],
) -> Result<[Vec<Tag>; N], Error> {
    let mut found: [Option<Vec<Tag>>; N] = [const { None }; N];
    for specification in specifications {
        let kind = specification.resource_type.as_deref().unwrap_or_default();
        let Some(at) = kinds.iter().position(|one| *one == kind) else {
            return Err(Error::value(format!(
                "'{kind}' is not a valid taggable resource type for this operation."
            )));
        };
        if found[at].is_some() {
            return Err(Error::value(format!(
                "The resource type '{kind}' is given twice in TagSpecifications"
            )));
        }
        if specification.tags.is_empty() {
            return Err(Error::value("Tag specification must have at least one tag"));
        }
        found[at] = Some(read(&specification.tags)?);
    }
    Ok(found.map(Option::unwrap_or_default))
}

/// Checks that tags can be read as paths below `meta-data/tags/instance/`, for instances that show them there.
///
/// # Errors
/// `InvalidParameterValue` naming the first key that cannot.
pub fn check_for_metadata(tags: &[Tag]) -> Result<(), Error> {
    let fits = |key: &str| {
        !matches!(key, "." | ".." | "_index")
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "+-=.,_:@".contains(c))
    };
    match tags.iter().find(|tag| !fits(&tag.key)) {
        Some(tag) => Err(Error::value(format!(
            "'{}' is not a valid tag key for instance metadata: letters, digits and +-=.,_:@ are allowed",
            tag.key
        ))),
        None => Ok(()),
    }
}

/// Puts tags over those that there are.
///
/// # Errors
/// `TagLimitExceeded`.
pub fn put(on: &mut Vec<Tag>, tags: &[Tag]) -> Result<(), Error> {
    on.retain(|old| tags.iter().all(|new| new.key != old.key));
    on.extend_from_slice(tags);
    on.sort();
    check_count(on)
}

/// Removes tags by key, those with a value only if it matches; all user tags if there is nothing to go by.
pub fn remove(on: &mut Vec<Tag>, remove: &[(String, Option<String>)]) {
    if remove.is_empty() {
        on.retain(|tag| tag.key.starts_with("aws:"));
        return;
    }
    on.retain(|tag| {
        !remove.iter().any(|(key, value)| *key == tag.key && value.as_ref().is_none_or(|v| *v == tag.value))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> RequestTag {
        RequestTag { key: Some(key.into()), value: Some(value.into()) }
    }

    #[test]
    fn what_aws_does_not_take_is_refused() {
        let long = "x".repeat(129);
        for wrong in
            [tag("", "v"), tag(&long, "v"), tag("aws:x", "v"), tag("AWS:x", "v"), tag("k", &"v".repeat(257))]
        {
            assert!(read(&[wrong]).is_err());
        }
        assert!(read(&[tag("k", "1"), tag("k", "2")]).is_err());
        let many: Vec<_> = (0..51).map(|n| tag(&n.to_string(), "")).collect();
        assert!(read(&many).is_err() && read(&many[..50]).is_ok());
    }

    #[test]
    fn removal_is_by_key_and_by_value_where_one_is_given() {
        let all = read(&[tag("a", "1"), tag("b", "2"), tag("c", "3")]).unwrap();
        let mut on = all.clone();
        remove(&mut on, &[("a".into(), None), ("b".into(), Some("other".into()))]);
        assert_eq!(on.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        remove(&mut on, &[]);
        assert!(on.is_empty());
    }
}
