//! The policies that AWS manages, by ARN, for the services that exist here.
//!
//! Names, ARNs and ids are AWS's. The documents say what AWS's public ones say about IAM, STS, EC2, EBS and
//! S3; the lists of the very long ones (`ReadOnlyAccess`, `SecurityAudit`) leave out services that are not offered.

use crate::policy::Policy;
use std::sync::LazyLock;

/// A managed policy, compiled.
#[derive(Clone, Debug)]
pub struct Managed {
    /// `AdministratorAccess`
    pub name: &'static str,
    /// `arn:aws:iam::aws:policy/AdministratorAccess`
    pub arn: String,
    /// `/`
    pub path: &'static str,
    /// `ANPA...`
    pub id: &'static str,
    /// As AWS describes it.
    pub description: &'static str,
    /// `v1`, `v2`, ...
    pub default_version: &'static str,
    /// When AWS made it, ISO 8601.
    pub create_date: &'static str,
    /// The JSON text.
    pub document: &'static str,
    /// The compiled document.
    pub policy: Policy,
}

/// Path of the policies of service-linked roles.
const OF_SERVICES: &str = "/aws-service-role/";

impl Managed {
    /// Whether anybody may attach it: those of service-linked roles are for these alone.
    pub fn is_attachable(&self) -> bool {
        self.path != OF_SERVICES
    }
}

struct Entry {
    name: &'static str,
    path: &'static str,
    id: &'static str,
    default_version: &'static str,
    create_date: &'static str,
    description: &'static str,
    document: &'static str,
}

/// The managed policy of this ARN.
pub fn lookup(arn: &str) -> Option<&'static Managed> {
    list().iter().find(|managed| managed.arn == arn)
}

/// All of them, in order of name.
pub fn list() -> &'static [Managed] {
    &ALL
}

// A test holds that every entry compiles, so none is ever left out.
static ALL: LazyLock<Vec<Managed>> = LazyLock::new(|| ENTRIES.iter().filter_map(compile).collect());

fn compile(entry: &Entry) -> Option<Managed> {
    Some(Managed {
        name: entry.name,
        arn: format!("arn:aws:iam::aws:policy{}{}", entry.path, entry.name),
        path: entry.path,
        id: entry.id,
        description: entry.description,
        default_version: entry.default_version,
        create_date: entry.create_date,
        document: entry.document,
        policy: Policy::parse_identity(entry.document).ok()?,
    })
}

macro_rules! entry {
    ($name:literal, $id:literal, $version:literal, $date:literal, $description:literal) => {
        entry!("/", $name, $id, $version, $date, $description)
    };
    ($path:expr, $name:literal, $id:literal, $version:literal, $date:literal, $description:literal) => {
        Entry {
            name: $name,
            path: $path,
            id: $id,
            default_version: $version,
            create_date: $date,
            description: $description,
            document: include_str!(concat!("managed/", $name, ".json")),
        }
    };
}

#[rustfmt::skip]
const ENTRIES: &[Entry] = &[
    entry!(OF_SERVICES, "AWSEC2SpotServiceRolePolicy", "ANPAIZJJBQNXQYVKTEXGM", "v4", "2017-09-18T18:51:54Z",
        "Allows EC2 Spot to launch and manage spot instances"),
    entry!("AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", "v1", "2015-02-06T18:39:46Z",
        "Provides full access to AWS services and resources."),
    entry!("AmazonEC2FullAccess", "ANPAI3VAJF5ZCRZ7MCQE6", "v5", "2015-02-06T18:40:15Z",
        "Provides full access to Amazon EC2 via the AWS Management Console."),
    entry!("AmazonEC2ReadOnlyAccess", "ANPAIGDT4SV4GSETWTBZK", "v2", "2015-02-06T18:40:17Z",
        "Provides read only access to Amazon EC2 via the AWS Management Console."),
    entry!("AmazonS3FullAccess", "ANPAIFIR6V6BVTRAHWINE", "v2", "2015-02-06T18:40:58Z",
        "Provides full access to all buckets via the AWS Management Console."),
    entry!("AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M", "v3", "2015-02-06T18:40:59Z",
        "Provides read only access to all buckets via the AWS Management Console."),
    entry!(OF_SERVICES, "AutoScalingServiceRolePolicy", "ANPAIC5D2V7MRWBMHGD7G", "v5", "2018-01-08T23:10:55Z",
        "Enables access to AWS Services and Resources used or managed by Auto Scaling"),
    entry!("IAMFullAccess", "ANPAI7XKCFMBPM3QQRRVQ", "v2", "2015-02-06T18:40:38Z",
        "Provides full access to IAM via the AWS Management Console."),
    entry!("IAMReadOnlyAccess", "ANPAJKSO7NDY4T57MWDSQ", "v4", "2015-02-06T18:40:39Z",
        "Provides read only access to IAM via the AWS Management Console."),
    entry!("IAMUserChangePassword", "ANPAJ4L4MM2A7QIEB56MS", "v2", "2016-11-15T00:25:16Z",
        "Provides the ability for an IAM user to change their own password."),
    entry!("PowerUserAccess", "ANPAJYRXTHIB4FOVS3ZXS", "v12", "2015-02-06T18:39:47Z",
        "Provides full access to AWS services and resources, but does not allow management of Users and groups."),
    entry!("ReadOnlyAccess", "ANPAILL3HVNFSB6DCOWYQ", "v1", "2015-02-06T18:39:48Z",
        "Provides read-only access to AWS services and resources."),
    entry!("SecurityAudit", "ANPAIX2T3QCXHR2OGGCTO", "v45", "2015-02-06T18:41:01Z",
        "The security audit template grants access to read security configuration metadata. It is useful for software that audits the configuration of an AWS account."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_managed_policy_compiles() {
        assert_eq!(list().len(), ENTRIES.len());
        assert!(list().is_sorted_by_key(|managed| managed.name));
        let ids: std::collections::BTreeSet<_> = list().iter().map(|managed| managed.id).collect();
        assert_eq!(ids.len(), list().len());
    }

    #[test]
    fn policies_of_service_linked_roles_are_for_these_alone() {
        let spot = lookup("arn:aws:iam::aws:policy/aws-service-role/AWSEC2SpotServiceRolePolicy").unwrap();
        assert!(!spot.is_attachable());
        assert!(lookup("arn:aws:iam::aws:policy/AWSEC2SpotServiceRolePolicy").is_none());
        assert_eq!(list().iter().filter(|managed| !managed.is_attachable()).count(), 2);
    }

    #[test]
    fn a_policy_is_found_by_its_arn_only() {
        let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
        assert_eq!(lookup(arn).unwrap().arn, arn);
        assert!(lookup("AdministratorAccess").is_none());
        assert!(lookup("arn:aws:iam::123456789012:policy/AdministratorAccess").is_none());
    }
}
