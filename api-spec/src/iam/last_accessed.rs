//! Which services somebody could reach, and when they were last asked for.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Makes a report of the services that a user, group, role or managed policy gives access to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateServiceLastAccessedDetails {
    /// The user, group, role or managed policy.
    pub arn: String,
    /// `SERVICE_LEVEL`, which it is when absent, or `ACTION_LEVEL`.
    pub granularity: Option<String>,
}
crate::operation!(Iam, GenerateServiceLastAccessedDetails => GenerateServiceLastAccessedDetailsResult);

/// What [`GenerateServiceLastAccessedDetails`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateServiceLastAccessedDetailsResult {
    /// A UUID.
    pub job_id: String,
}

/// Shows a report.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetails {
    /// The report.
    pub job_id: String,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Iam, GetServiceLastAccessedDetails => GetServiceLastAccessedDetailsResult);

/// What [`GetServiceLastAccessedDetails`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetailsResult {
    /// `COMPLETED`.
    pub job_status: String,
    /// `SERVICE_LEVEL` or `ACTION_LEVEL`.
    pub job_type: String,
    /// When it was asked for.
    pub job_creation_date: Timestamp,
    /// In order of namespace.
    pub services_last_accessed: Vec<ServiceLastAccessed>,
    /// When it was ready.
    pub job_completion_date: Timestamp,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// A service, and who asked for it last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceLastAccessed {
    /// `Amazon S3`.
    pub service_name: String,
    /// When; absent when nobody did.
    pub last_authenticated: Option<Timestamp>,
    /// `s3`.
    pub service_namespace: String,
    /// ARN of the user or role; absent when nobody did.
    pub last_authenticated_entity: Option<String>,
    /// Region that the request was signed for.
    pub last_authenticated_region: Option<String>,
    /// How many users and roles did; absent when nobody did.
    pub total_authenticated_entities: Option<i32>,
    /// Its actions, in order of name; only in reports of actions.
    pub tracked_actions_last_accessed: Option<Vec<TrackedActionLastAccessed>>,
}

/// An action, and who asked for it last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrackedActionLastAccessed {
    /// `GetObject`.
    pub action_name: String,
    /// ARN of the user or role; absent when nobody did.
    pub last_accessed_entity: Option<String>,
    /// When; absent when nobody did.
    pub last_accessed_time: Option<Timestamp>,
    /// Region that the request was signed for.
    pub last_accessed_region: Option<String>,
}

/// Shows of a report the users and roles that could have asked for a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetailsWithEntities {
    /// The report.
    pub job_id: String,
    /// `s3`.
    pub service_namespace: String,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Iam, GetServiceLastAccessedDetailsWithEntities => GetServiceLastAccessedDetailsWithEntitiesResult);

/// What [`GetServiceLastAccessedDetailsWithEntities`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetailsWithEntitiesResult {
    /// `COMPLETED`.
    pub job_status: String,
    /// When it was asked for.
    pub job_creation_date: Timestamp,
    /// When it was ready.
    pub job_completion_date: Timestamp,
    /// The most recent first.
    pub entity_details_list: Vec<EntityDetails>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// A user or role, and when it last asked for the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EntityDetails {
    /// Which.
    pub entity_info: EntityInfo,
    /// When; absent when it never did.
    pub last_authenticated: Option<Timestamp>,
}

/// A user or role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EntityInfo {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// `USER` or `ROLE`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// `AIDA...` or `AROA...`.
    pub id: String,
    /// `/` or `/division/`.
    pub path: String,
}

/// Lists the policies of a user, group or role that give access to services.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesGrantingServiceAccess {
    /// Where the last page ended.
    pub marker: Option<String>,
    /// The user, group or role.
    pub arn: String,
    /// 1 to 200 of `s3`, `ec2`, ...
    pub service_namespaces: Vec<String>,
}
crate::operation!(Iam, ListPoliciesGrantingServiceAccess => ListPoliciesGrantingServiceAccessResult);

/// What [`ListPoliciesGrantingServiceAccess`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesGrantingServiceAccessResult {
    /// One for each service that was asked about.
    pub policies_granting_service_access: Vec<ListPoliciesGrantingServiceAccessEntry>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// The policies that give access to one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesGrantingServiceAccessEntry {
    /// `s3`.
    pub service_namespace: String,
    /// The policies.
    pub policies: Vec<PolicyGrantingServiceAccess>,
}

/// A policy that gives access to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyGrantingServiceAccess {
    /// Name.
    pub policy_name: String,
    /// `INLINE` or `MANAGED`.
    pub policy_type: String,
    /// ARN of a managed one.
    pub policy_arn: Option<String>,
    /// Whose an inline one is: `USER`, `ROLE` or `GROUP`.
    pub entity_type: Option<String>,
    /// The name of whose an inline one is.
    pub entity_name: Option<String>,
}
