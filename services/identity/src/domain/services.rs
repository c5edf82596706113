//! The services of this cloud as reports of last accesses list them: the namespace in policies, AWS's name, and the
//! actions that are tracked.

use std::collections::BTreeSet;

use api_spec::{Service, Status};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// `s3`
    pub namespace: &'static str,
    /// `Amazon S3`
    pub name: &'static str,
    api: Service,
}

/// All of them, in order of namespace.
pub const ALL: [Described; 5] = [
    Described { namespace: "ec2", name: "Amazon EC2", api: Service::Ec2 },
    Described { namespace: "iam", name: "AWS Identity and Access Management", api: Service::Iam },
    Described { namespace: "kms", name: "AWS Key Management Service", api: Service::Kms },
    Described { namespace: "s3", name: "Amazon S3", api: Service::S3 },
    Described { namespace: "sts", name: "AWS Security Token Service", api: Service::Sts },
];

/// Permissions of S3, whose names are not those of its operations. One that is missing here is told once it was asked for,
/// but not while it is unused.
const S3_ACTIONS: &[&str] = &[
    "AbortMultipartUpload",
    "BypassGovernanceRetention",
    "CreateBucket",
    "DeleteBucket",
    "DeleteBucketPolicy",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionTagging",
    "GetAccelerateConfiguration",
    "GetBucketAcl",
    "GetBucketCORS",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "GetObjectVersionAttributes",
    "GetObjectVersionTagging",
    "ListAllMyBuckets",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "ListMultipartUploadParts",
    "PutAccelerateConfiguration",
    "PutBucketAcl",
    "PutBucketCORS",
    "PutBucketLogging",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketRequestPayment",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutEncryptionConfiguration",
    "PutLifecycleConfiguration",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "PutObjectVersionAcl",
    "PutObjectVersionTagging",
    "RestoreObject",
];

impl Described {
    /// Names of the actions that anybody can ask for, without the namespace.
    pub fn actions(&self) -> BTreeSet<&'static str> {
        match self.api {
            Service::S3 => S3_ACTIONS.iter().copied().collect(),
            Service::Ec2 | Service::Iam | Service::Kms | Service::Sts => {
                let offered =
                    self.api.operations().iter().filter(|(_, entry)| entry.status == Status::Offered);
                offered.map(|(name, _)| name.as_str()).collect()
            }
        }
    }
}

/// The service of this namespace.
pub fn of(namespace: &str) -> Option<Described> {
    ALL.into_iter().find(|service| service.namespace == namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_actions_and_stands_in_order() {
        assert!(ALL.is_sorted_by_key(|service| service.namespace));
        for service in ALL {
            assert_eq!(of(service.namespace), Some(service));
            assert!(service.actions().len() > 5, "{}", service.name);
        }
        assert!(of("iam").unwrap().actions().contains("CreateUser"));
        assert!(of("s3").unwrap().actions().contains("GetObject"));
        assert_eq!(of("sqs"), None);
    }
}
