//! What an API action is to the rest of the code: a request type that knows its name, its service and its answer;
//! and the register of all of AWS's actions with what Murus does about each (`operations/*.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An AWS API, as clients name it in the credential scope of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Instances, images, networks, volumes and snapshots (ec2Query).
    Ec2,
    /// Users, groups, roles, policies and keys (awsQuery).
    Iam,
    /// Caller identity and sessions (awsQuery).
    Sts,
    /// Buckets and objects (restXml).
    S3,
    /// Keys that encrypt (awsJson1.1).
    Kms,
}

/// How an API's requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Form parameters in, XML out.
    Query,
    /// The action in the header `X-Amz-Target`, JSON in and out.
    Json,
    /// Paths, headers and XML bodies.
    RestXml,
}

impl Service {
    /// The name in SigV4 credential scopes and in policy actions (`ec2:RunInstances`).
    pub const fn name(self) -> &'static str {
        match self {
            Service::Ec2 => "ec2",
            Service::Iam => "iam",
            Service::Sts => "sts",
            Service::S3 => "s3",
            Service::Kms => "kms",
        }
    }

    /// How it is spoken.
    pub const fn protocol(self) -> Protocol {
        match self {
            Service::Ec2 | Service::Iam | Service::Sts => Protocol::Query,
            Service::S3 => Protocol::RestXml,
            Service::Kms => Protocol::Json,
        }
    }

    /// What stands before the action in `X-Amz-Target`; none where actions are not named there.
    pub const fn target_prefix(self) -> Option<&'static str> {
        match self {
            Service::Kms => Some("TrentService."),
            Service::Ec2 | Service::Iam | Service::Sts | Service::S3 => None,
        }
    }

    /// The XML namespace of responses; empty where they are JSON.
    pub const fn xmlns(self) -> &'static str {
        match self {
            Service::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Service::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Service::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
            Service::Kms => "",
        }
    }

    /// Every action AWS documents for this service, and what Murus does about it.
    pub fn operations(self) -> &'static BTreeMap<String, Entry> {
        static EC2: LazyLock<BTreeMap<String, Entry>> =
            LazyLock::new(|| parse(include_str!("../operations/ec2.toml")));
        static IAM: LazyLock<BTreeMap<String, Entry>> =
            LazyLock::new(|| parse(include_str!("../operations/iam.toml")));
        static STS: LazyLock<BTreeMap<String, Entry>> =
            LazyLock::new(|| parse(include_str!("../operations/sts.toml")));
        static S3: LazyLock<BTreeMap<String, Entry>> =
            LazyLock::new(|| parse(include_str!("../operations/s3.toml")));
        static KMS: LazyLock<BTreeMap<String, Entry>> =
            LazyLock::new(|| parse(include_str!("../operations/kms.toml")));
        match self {
            Service::Ec2 => &EC2,
            Service::Iam => &IAM,
            Service::Sts => &STS,
            Service::S3 => &S3,
            Service::Kms => &KMS,
        }
    }
}

/// The registers are part of the program; one that does not parse is a build error in spirit, caught by the test below.
fn parse(text: &str) -> BTreeMap<String, Entry> {
    toml::from_str(text).unwrap_or_default()
}

/// One line of `operations/*.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Whether it is offered.
    pub status: Status,
    /// The Murus service that answers it (`compute`, `volume`, ...); only where offered.
    pub by: Option<String>,
    /// Why it will never be offered; only where `never`.
    pub why: Option<String>,
}

/// What Murus does about an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It works, whole.
    Offered,
    /// It answers `InvalidAction` (S3: `NotImplemented`) for now.
    NotYet,
    /// It answers the same and always will; the reason stands beside it.
    Never,
}

/// A request of the query and JSON protocols. The dispatcher (in `kit`) is the only one that decodes and runs these.
pub trait Operation: DeserializeOwned + Send + Sync + 'static {
    /// AWS's action name.
    const NAME: &'static str;
    /// The API it belongs to.
    const SERVICE: Service;
    /// What it answers. Deserialize is there for the contract test and for clients of ours.
    type Output: Serialize + DeserializeOwned + Send + 'static;
}

/// Declares that a request struct is an action: `operation!(Ec2, RunInstances => Reservation);`
#[macro_export]
macro_rules! operation {
    ($service:ident, $name:ident => $output:ty) => {
        impl $crate::Operation for $name {
            const NAME: &'static str = stringify!($name);
            const SERVICE: $crate::Service = $crate::Service::$service;
            type Output = $output;
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_parses_and_says_who_answers() {
        for (service, text) in [
            (Service::Ec2, include_str!("../operations/ec2.toml")),
            (Service::Iam, include_str!("../operations/iam.toml")),
            (Service::Sts, include_str!("../operations/sts.toml")),
            (Service::S3, include_str!("../operations/s3.toml")),
            (Service::Kms, include_str!("../operations/kms.toml")),
        ] {
            let entries: BTreeMap<String, Entry> =
                toml::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", service.name()));
            assert!(!entries.is_empty());
            for (name, entry) in entries {
                assert_eq!(entry.by.is_some(), entry.status == Status::Offered, "{name}: `by`");
                assert_eq!(entry.why.is_some(), entry.status == Status::Never, "{name}: `why`");
            }
        }
    }
}
