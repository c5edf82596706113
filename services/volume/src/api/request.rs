//! What requests of all resources have in common: ids, tags, filters, numbers.

use api_spec::ec2::common::{Filter, Tag as WireTag, TagSpecification};
use api_spec::ids::{ImportTaskId, InstanceId, SnapshotId, VolumeId};
use calls::Tag;

use crate::domain::tags;
use crate::error::Error;

/// A volume id.
pub fn volume_id(text: &str) -> Result<VolumeId, Error> {
    text.parse().map_err(|_| Error::MalformedVolumeId(shown(text)))
}

/// A snapshot id.
pub fn snapshot_id(text: &str) -> Result<SnapshotId, Error> {
    text.parse().map_err(|_| Error::MalformedSnapshotId(shown(text)))
}

/// An instance id.
pub fn instance_id(text: &str) -> Result<InstanceId, Error> {
    text.parse().map_err(|_| Error::MalformedInstanceId(shown(text)))
}

/// An import task's id.
pub fn task_id(text: &str) -> Result<ImportTaskId, Error> {
    text.parse().map_err(|_| Error::MalformedTaskId(shown(text)))
}

fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

/// A number that cannot be negative.
pub fn unsigned(name: &str, value: Option<i32>) -> Result<Option<u32>, Error> {
    value
        .map(|value| {
            u32::try_from(value)
                .map_err(|_| Error::value(format!("Value ({value}) for parameter {name} is invalid.")))
        })
        .transpose()
}

/// The tags that a request brings for the one kind of resource that it makes.
pub fn tags_for(specifications: &[TagSpecification], kind: &str) -> Result<Vec<Tag>, Error> {
    let mut found = None;
    for specification in specifications {
        let named = specification.resource_type.as_deref().unwrap_or("");
        if named != kind {
            return Err(Error::value(format!(
                "'{}' is not a valid taggable resource type for this operation.",
                shown(named)
            )));
        }
        let tags = specification.tags.iter().map(|tag| Tag {
            key: tag.key.clone().unwrap_or_default(),
            value: tag.value.clone().unwrap_or_default(),
        });
        if found.replace(tags.collect::<Vec<_>>()).is_some() {
            return Err(Error::value(format!("The resource type '{kind}' is specified more than once.")));
        }
    }
    let found = found.unwrap_or_default();
    tags::check(&found)?;
    Ok(found)
}

/// Tags as answers show them.
pub fn wire_tags(tags: &[Tag]) -> Vec<WireTag> {
    tags.iter().map(|tag| WireTag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}

/// Filters in the form of the kit; each must be one of `known`, `tag:...`, `tag-key` or `tag-value`.
pub fn filters<'a>(filters: &'a [Filter], known: &[&str]) -> Result<Vec<kit::filters::Filter<'a>>, Error> {
    filters
        .iter()
        .map(|filter| {
            let name = filter.name.as_deref().unwrap_or("");
            let tag = name.starts_with("tag:") || matches!(name, "tag-key" | "tag-value");
            if tag || known.contains(&name) {
                Ok((name, filter.values.as_slice()))
            } else {
                Err(Error::Api(kit::filters::unknown(&shown(name))))
            }
        })
        .collect()
}

/// Refuses a page size together with a list of ids, as EC2 does.
pub fn not_both(ids: &[String], ids_name: &str, max_results: Option<i32>) -> Result<(), Error> {
    if !ids.is_empty() && max_results.is_some_and(|max| max != 0) {
        return Err(Error::Combination(format!(
            "The parameter {ids_name} cannot be used with the parameter maxResults"
        )));
    }
    Ok(())
}

/// Refuses what cannot be honoured here.
pub fn refuse(asked: bool, words: &str) -> Result<(), Error> {
    if asked { Err(Error::NotOffered(words.to_owned())) } else { Ok(()) }
}
