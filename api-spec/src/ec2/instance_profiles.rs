//! Instance profiles of instances.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::run_instances::RequestIamInstanceProfile;
use crate::Timestamp;

/// `IamInstanceProfile` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IamInstanceProfile {
    pub arn: String,
    pub id: String,
}

/// `IamInstanceProfileAssociation` of an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IamInstanceProfileAssociation {
    pub association_id: String,
    pub instance_id: String,
    pub iam_instance_profile: IamInstanceProfile,
    pub state: String,
    pub timestamp: Option<Timestamp>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateIamInstanceProfile {
    pub iam_instance_profile: Option<RequestIamInstanceProfile>,
    pub instance_id: String,
}

/// The answer of AssociateIamInstanceProfile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateIamInstanceProfileResult {
    pub iam_instance_profile_association: IamInstanceProfileAssociation,
}

crate::operation!(Ec2, AssociateIamInstanceProfile => AssociateIamInstanceProfileResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateIamInstanceProfile {
    pub association_id: String,
}

/// The answer of DisassociateIamInstanceProfile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassociateIamInstanceProfileResult {
    pub iam_instance_profile_association: IamInstanceProfileAssociation,
}

crate::operation!(Ec2, DisassociateIamInstanceProfile => DisassociateIamInstanceProfileResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceIamInstanceProfileAssociation {
    pub iam_instance_profile: Option<RequestIamInstanceProfile>,
    pub association_id: String,
}

/// The answer of ReplaceIamInstanceProfileAssociation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceIamInstanceProfileAssociationResult {
    pub iam_instance_profile_association: IamInstanceProfileAssociation,
}

crate::operation!(Ec2, ReplaceIamInstanceProfileAssociation => ReplaceIamInstanceProfileAssociationResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeIamInstanceProfileAssociations {
    #[serde(rename = "AssociationId")]
    pub association_ids: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

/// The answer of DescribeIamInstanceProfileAssociations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeIamInstanceProfileAssociationsResult {
    #[serde(rename = "iamInstanceProfileAssociationSet")]
    pub associations: Vec<IamInstanceProfileAssociation>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeIamInstanceProfileAssociations => DescribeIamInstanceProfileAssociationsResult);
