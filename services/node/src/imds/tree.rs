//! The tree of metadata as a guest walks it: directories follow from the leaves' paths. Pure.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calls::node::Metadata;

/// Versions that are offered; all answer alike. cloud-init probes the first four.
pub const VERSIONS: [&str; 15] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2012-01-12",
    "2016-09-02",
    "2018-09-24",
    "2021-03-23",
    "latest",
];

/// The key pair's leaf, whose directory is listed in a form of its own.
const PUBLIC_KEY: &str = "meta-data/public-keys/0/openssh-key";

/// What is at a path: the bytes, or none for 404.
pub fn look_up(metadata: &Metadata, path: &str) -> Option<Vec<u8>> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Some(VERSIONS.join("\n").into_bytes());
    }
    let (version, below) = path.split_once('/').unwrap_or((path, ""));
    if !VERSIONS.contains(&version) {
        return None;
    }
    below_version(metadata, below.trim_matches('/'))
}

fn below_version(metadata: &Metadata, path: &str) -> Option<Vec<u8>> {
    if path == "user-data" {
        return user_data(metadata);
    }
    if path == "meta-data/public-keys" {
        let name = metadata.public_key_name.as_ref()?;
        return metadata.leaves.contains_key(PUBLIC_KEY).then(|| format!("0={name}").into_bytes());
    }
    if let Some(leaf) = metadata.leaves.get(path) {
        return Some(leaf.clone().into_bytes());
    }
    let listing = list(metadata, path);
    (!listing.is_empty()).then(|| listing.into_iter().collect::<Vec<_>>().join("\n").into_bytes())
}

fn user_data(metadata: &Metadata) -> Option<Vec<u8>> {
    STANDARD.decode(metadata.user_data.as_ref()?).ok()
}

/// Names in a directory, directories with a slash. A name that is both (as EC2 has some) is listed as directory.
fn list(metadata: &Metadata, path: &str) -> BTreeSet<String> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut names = BTreeSet::new();
    for leaf in metadata.leaves.keys() {
        let Some(rest) = leaf.strip_prefix(&prefix) else { continue };
        match rest.split_once('/') {
            Some((directory, _)) => names.insert(format!("{directory}/")),
            None => names.insert(rest.to_owned()),
        };
    }
    if path.is_empty() && metadata.user_data.is_some() {
        names.insert("user-data".into());
    }
    let directories: Vec<String> =
        names.iter().filter_map(|name| Some(name.strip_suffix('/')?.into())).collect();
    names.retain(|name| !directories.contains(name));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        let leaves = [
            ("meta-data/instance-id", "i-1"),
            ("meta-data/placement/availability-zone", "us-east-1a"),
            ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA me"),
            ("dynamic/instance-identity/document", "{}"),
        ];
        Metadata {
            leaves: leaves.map(|(path, value)| (path.to_owned(), value.to_owned())).into(),
            public_key_name: Some("me".into()),
            user_data: Some(STANDARD.encode(b"\xff#!/bin/sh")),
            token_required: true,
            enabled: true,
            profile: None,
        }
    }

    fn get(path: &str) -> Option<String> {
        look_up(&metadata(), path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn directories_follow_from_the_leaves_with_and_without_a_slash() {
        assert_eq!(get("/latest").unwrap(), "dynamic/\nmeta-data/\nuser-data");
        for path in ["/latest/meta-data", "/latest/meta-data/", "/2021-03-23/meta-data/"] {
            assert_eq!(get(path).unwrap(), "instance-id\nplacement/\npublic-keys/");
        }
        assert_eq!(get("/latest/meta-data/placement/").unwrap(), "availability-zone");
    }

    #[test]
    fn the_key_pair_is_listed_by_number_and_name() {
        assert_eq!(get("/latest/meta-data/public-keys/").unwrap(), "0=me");
        assert_eq!(get("/latest/meta-data/public-keys/0/").unwrap(), "openssh-key");
        assert!(get("/latest/meta-data/public-keys/0/openssh-key").unwrap().starts_with("ssh-"));
    }

    #[test]
    fn what_a_listing_names_is_there_and_nothing_else_is() {
        fn walk(path: &str) {
            for name in get(path).unwrap().lines().map(|line| line.split('=').next().unwrap()) {
                let below = format!("{path}{name}");
                assert!(get(&below).is_some(), "{below}");
                if name.ends_with('/') && !below.contains("public-keys") {
                    walk(&below);
                }
            }
        }
        walk("/latest/");
        for absent in ["/1999-01-01/meta-data", "/latest/meta-data/instance", "/latest/nothing", "/x"] {
            assert_eq!(get(absent), None, "{absent}");
        }
        assert_eq!(look_up(&metadata(), "/latest/user-data").unwrap(), b"\xff#!/bin/sh");
        assert_eq!(look_up(&Metadata::default(), "/latest/user-data"), None);
    }
}
