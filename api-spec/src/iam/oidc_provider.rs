//! OpenID Connect providers.

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::{Empty, Timestamp};

/// Registers an issuer of identity tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOpenIDConnectProvider {
    /// `https://host/path`, as the tokens' `iss` says it.
    pub url: String,
    /// Audiences whose tokens are taken.
    #[serde(rename = "ClientIDList", default)]
    pub client_id_list: Vec<String>,
    /// SHA-1 of certificates that the issuer's may hang on, in hex.
    #[serde(default)]
    pub thumbprint_list: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreateOpenIDConnectProvider => CreateOpenIDConnectProviderResult);

/// What [`CreateOpenIDConnectProvider`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateOpenIDConnectProviderResult {
    /// Its ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// Its tags.
    #[serde(rename = "Tags")]
    pub tags: Option<Vec<Tag>>,
}

/// Shows a provider.
#[derive(Clone, Debug, Deserialize)]
pub struct GetOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
}
crate::operation!(Iam, GetOpenIDConnectProvider => GetOpenIDConnectProviderResult);

/// What [`GetOpenIDConnectProvider`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOpenIDConnectProviderResult {
    /// Its URL without the scheme.
    pub url: String,
    /// Its audiences.
    #[serde(rename = "ClientIDList")]
    pub client_id_list: Vec<String>,
    /// Its thumbprints.
    pub thumbprint_list: Vec<String>,
    /// When it was made.
    pub create_date: Timestamp,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

/// Lists the account's providers.
#[derive(Clone, Debug, Deserialize)]
pub struct ListOpenIDConnectProviders {}
crate::operation!(Iam, ListOpenIDConnectProviders => ListOpenIDConnectProvidersResult);

/// A provider in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OpenIDConnectProviderListEntry {
    /// Its ARN.
    pub arn: String,
}

/// What [`ListOpenIDConnectProviders`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListOpenIDConnectProvidersResult {
    /// All of them.
    #[serde(rename = "OpenIDConnectProviderList")]
    pub providers: Vec<OpenIDConnectProviderListEntry>,
}

/// Deletes a provider.
#[derive(Clone, Debug, Deserialize)]
pub struct DeleteOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
}
crate::operation!(Iam, DeleteOpenIDConnectProvider => Empty);

/// Replaces a provider's thumbprints.
#[derive(Clone, Debug, Deserialize)]
pub struct UpdateOpenIDConnectProviderThumbprint {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// The new ones.
    #[serde(rename = "ThumbprintList", default)]
    pub thumbprint_list: Vec<String>,
}
crate::operation!(Iam, UpdateOpenIDConnectProviderThumbprint => Empty);

/// Adds an audience.
#[derive(Clone, Debug, Deserialize)]
pub struct AddClientIDToOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// The audience.
    #[serde(rename = "ClientID")]
    pub client_id: String,
}
crate::operation!(Iam, AddClientIDToOpenIDConnectProvider => Empty);

/// Takes an audience away.
#[derive(Clone, Debug, Deserialize)]
pub struct RemoveClientIDFromOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// The audience.
    #[serde(rename = "ClientID")]
    pub client_id: String,
}
crate::operation!(Iam, RemoveClientIDFromOpenIDConnectProvider => Empty);

/// Sets tags.
#[derive(Clone, Debug, Deserialize)]
pub struct TagOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// The tags.
    #[serde(rename = "Tags", default)]
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagOpenIDConnectProvider => Empty);

/// Takes tags away.
#[derive(Clone, Debug, Deserialize)]
pub struct UntagOpenIDConnectProvider {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// Their keys.
    #[serde(rename = "TagKeys", default)]
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagOpenIDConnectProvider => Empty);

/// Lists a provider's tags.
#[derive(Clone, Debug, Deserialize)]
pub struct ListOpenIDConnectProviderTags {
    /// The provider.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub arn: String,
    /// Where the last page ended.
    #[serde(rename = "Marker")]
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    #[serde(rename = "MaxItems")]
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListOpenIDConnectProviderTags => ListOpenIDConnectProviderTagsResult);

/// What [`ListOpenIDConnectProviderTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOpenIDConnectProviderTagsResult {
    /// The page.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
