//! What policies would say: simulations, and the condition keys that policies ask about.

use serde::{Deserialize, Serialize};

/// Tells what policies that stand in the request say of actions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulateCustomPolicy {
    /// Policies, JSON texts.
    pub policy_input_list: Vec<String>,
    /// A permissions boundary, JSON text.
    pub permissions_boundary_policy_input_list: Vec<String>,
    /// Actions, such as `s3:GetObject`.
    pub action_names: Vec<String>,
    /// Resources; `*` when empty.
    pub resource_arns: Vec<String>,
    /// The resources' policy, JSON text.
    pub resource_policy: Option<String>,
    /// Account that owns the resources: 12 digits or the ARN of its root.
    pub resource_owner: Option<String>,
    /// ARN of the user that asks.
    pub caller_arn: Option<String>,
    /// Condition keys.
    pub context_entries: Vec<ContextEntry>,
    /// Ways to combine EC2's resources, which are not offered.
    pub resource_handling_option: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, SimulateCustomPolicy => SimulateCustomPolicyResult);

/// What [`SimulateCustomPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulateCustomPolicyResult {
    /// The page.
    pub evaluation_results: Vec<EvaluationResult>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Tells what the policies of a user, group or role say of actions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatePrincipalPolicy {
    /// ARN of the user, group or role.
    pub policy_source_arn: String,
    /// Further policies, JSON texts.
    pub policy_input_list: Vec<String>,
    /// A permissions boundary in place of its own, JSON text.
    pub permissions_boundary_policy_input_list: Vec<String>,
    /// Actions, such as `s3:GetObject`.
    pub action_names: Vec<String>,
    /// Resources; `*` when empty.
    pub resource_arns: Vec<String>,
    /// The resources' policy, JSON text.
    pub resource_policy: Option<String>,
    /// Account that owns the resources: 12 digits or the ARN of its root.
    pub resource_owner: Option<String>,
    /// ARN of the user that asks.
    pub caller_arn: Option<String>,
    /// Condition keys.
    pub context_entries: Vec<ContextEntry>,
    /// Ways to combine EC2's resources, which are not offered.
    pub resource_handling_option: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, SimulatePrincipalPolicy => SimulatePrincipalPolicyResult);

/// What [`SimulatePrincipalPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatePrincipalPolicyResult {
    /// The page.
    pub evaluation_results: Vec<EvaluationResult>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Lists the condition keys that policies ask about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForCustomPolicy {
    /// Policies, JSON texts.
    pub policy_input_list: Vec<String>,
}
crate::operation!(Iam, GetContextKeysForCustomPolicy => GetContextKeysForCustomPolicyResult);

/// What [`GetContextKeysForCustomPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForCustomPolicyResult {
    /// The keys.
    pub context_key_names: Vec<String>,
}

/// Lists the condition keys that the policies of a user, group or role ask about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForPrincipalPolicy {
    /// ARN of the user, group or role.
    pub policy_source_arn: String,
    /// Further policies, JSON texts.
    pub policy_input_list: Vec<String>,
}
crate::operation!(Iam, GetContextKeysForPrincipalPolicy => GetContextKeysForPrincipalPolicyResult);

/// What [`GetContextKeysForPrincipalPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetContextKeysForPrincipalPolicyResult {
    /// The keys.
    pub context_key_names: Vec<String>,
}

/// A condition key with its values.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextEntry {
    /// Name, such as `aws:SourceIp`.
    pub context_key_name: Option<String>,
    /// Values.
    pub context_key_values: Vec<String>,
    /// `string`, `stringList`, `numeric`, ...
    pub context_key_type: Option<String>,
}

/// What policies say of one action on one resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvaluationResult {
    /// The action.
    pub eval_action_name: String,
    /// The resource.
    pub eval_resource_name: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_decision: String,
    /// Statements that brought the decision about.
    pub matched_statements: Vec<MatchedStatement>,
    /// Condition keys that the policies ask about and the request does not give.
    pub missing_context_values: Vec<String>,
    /// What the boundary says.
    pub permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
}

/// A statement of a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MatchedStatement {
    /// The policy.
    pub source_policy_id: String,
    /// `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource` or `none`.
    pub source_policy_type: String,
    /// Where it begins.
    pub start_position: Position,
    /// Where it ends.
    pub end_position: Position,
}

/// A place in a JSON text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Position {
    /// From 1.
    pub line: i32,
    /// From 1.
    pub column: i32,
}

/// What a permissions boundary says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PermissionsBoundaryDecisionDetail {
    /// Whether it allows.
    pub allowed_by_permissions_boundary: bool,
}
