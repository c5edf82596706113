//! Access control lists.

use serde::{Deserialize, Serialize};

use super::Owner;

/// `PutBucketAcl`, `PutObjectAcl`, and what their Get counterparts answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessControlPolicy {
    /// Whose the resource is.
    pub owner: Option<Owner>,
    /// Who may do what besides.
    pub access_control_list: Option<Grants>,
}

/// The `AccessControlList` element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Grants {
    /// At most 100.
    #[serde(rename = "Grant", default)]
    pub grants: Vec<Grant>,
}

/// One permission of one grantee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Grant {
    /// Who.
    pub grantee: Option<Grantee>,
    /// `FULL_CONTROL`, `WRITE`, `WRITE_ACP`, `READ`, `READ_ACP`.
    pub permission: Option<String>,
}

/// Somebody named in a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Grantee {
    /// The namespace of `xsi:type`; written, not asked for.
    #[serde(rename = "@xmlns:xsi", skip_deserializing)]
    pub xmlns: Option<String>,
    /// `CanonicalUser`, `Group` or `AmazonCustomerByEmail`.
    #[serde(rename = "@xsi:type", default)]
    pub kind: Option<String>,
    /// Canonical user id.
    #[serde(rename = "ID")]
    pub id: Option<String>,
    /// Name of the user.
    pub display_name: Option<String>,
    /// Group.
    #[serde(rename = "URI")]
    pub uri: Option<String>,
    /// Address of the user.
    pub email_address: Option<String>,
}
