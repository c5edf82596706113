//! Simulations, and the condition keys that policies ask about.

use api_spec::ApiError;
use api_spec::iam::{
    ContextEntry, EvaluationResult, GetContextKeysForCustomPolicy, GetContextKeysForCustomPolicyResult,
    GetContextKeysForPrincipalPolicy, GetContextKeysForPrincipalPolicyResult, MatchedStatement,
    PermissionsBoundaryDecisionDetail, Position, SimulateCustomPolicy, SimulateCustomPolicyResult,
    SimulatePrincipalPolicy, SimulatePrincipalPolicyResult,
};
use auth::policy::{Context, PolicyKind, Principal};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::{Page, page};
use super::policy_sources::PolicySource;
use crate::domain::asked_keys::asked_keys;
use crate::domain::names;
use crate::domain::positions::Place;
use crate::domain::simulation::{self, Found, Input, Outcome, Simulation};
use crate::error::Error;
use crate::identity::Identity;

const KEY_TYPES: &[&str] = &[
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];
/// Questions of one request: actions times resources.
const MAX_QUESTIONS: usize = 10_000;

/// What both kinds of simulation ask alike.
struct Asked {
    actions: Vec<String>,
    resources: Vec<String>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    context: Vec<ContextEntry>,
    boundary: Vec<String>,
    marker: Option<String>,
    max_items: Option<i32>,
}

/// What a request asks, whichever of the two it is.
macro_rules! asked {
    ($op:ident) => {
        Asked {
            actions: $op.action_names,
            resources: $op.resource_arns,
            resource_policy: $op.resource_policy,
            resource_owner: $op.resource_owner,
            context: $op.context_entries,
            boundary: $op.permissions_boundary_policy_input_list,
            marker: $op.marker,
            max_items: $op.max_items,
        }
    };
}

impl Asked {
    fn check(&self, handling: Option<&str>) -> Result<(), Error> {
        if handling.is_some() {
            return Err(Error::InvalidInput("ResourceHandlingOption is not supported.".into()));
        }
        if self.actions.is_empty() {
            return Err(Error::Validation("At least one action name is required.".into()));
        }
        for action in &self.actions {
            names::length("actionNames", action, 3, 128)?;
            if action.contains(['*', '?']) || !action.contains(':') {
                return Err(Error::InvalidInput(format!("Invalid action name: {action}")));
            }
        }
        self.resources.iter().try_for_each(|resource| names::length("resourceArns", resource, 1, 2048))?;
        if self.actions.len() * self.resources.len().max(1) > MAX_QUESTIONS {
            return Err(Error::InvalidInput(format!("More than {MAX_QUESTIONS} actions and resources.")));
        }
        if let Some(text) = &self.resource_policy {
            simulation::check("resourcePolicy", text, PolicyKind::Resource)?;
        }
        Ok(())
    }

    fn context(&self) -> Result<Context, Error> {
        let mut context = Context::new();
        for entry in &self.context {
            let name = entry.context_key_name.as_deref().unwrap_or_default();
            names::length("contextKeyName", name, 5, 256)?;
            names::one_of(
                "contextKeyType",
                entry.context_key_type.as_deref().unwrap_or("string"),
                KEY_TYPES,
            )?;
            context.insert_many(name.to_owned(), entry.context_key_values.iter().map(String::as_str));
        }
        Ok(context)
    }

    fn owner(&self) -> Result<Option<String>, Error> {
        let Some(owner) = &self.resource_owner else { return Ok(None) };
        let account = owner.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
        let account = account.unwrap_or(owner);
        match account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) {
            true => Ok(Some(account.to_owned())),
            false => Err(Error::InvalidInput(format!("Invalid resource owner: {owner}"))),
        }
    }

    /// The boundary that the request brings.
    fn boundary(&mut self) -> Result<Option<Input>, Error> {
        if self.boundary.len() > 1 {
            return Err(Error::InvalidInput("You can provide only one permissions boundary.".into()));
        }
        let list = std::mem::take(&mut self.boundary);
        Ok(simulation::given("PermissionsBoundaryPolicyInputList", list)?.pop())
    }

    /// Asks all of it of these policies; a boundary that the request brings takes the place of the source's own.
    fn simulated(
        mut self,
        principal: Principal,
        context: Context,
        inputs: Vec<Input>,
        own_boundary: Option<Input>,
    ) -> Result<Page<EvaluationResult>, ApiError> {
        let simulation = Simulation {
            principal,
            context,
            inputs,
            boundary: self.boundary()?.or(own_boundary),
            resource_policy: self.resource_policy.clone(),
            resource_account: self.owner()?,
        };
        self.results(&simulation)
    }

    fn results(&self, simulation: &Simulation) -> Result<Page<EvaluationResult>, ApiError> {
        let anywhere = ["*".to_owned()];
        let resources = if self.resources.is_empty() { &anywhere[..] } else { &self.resources };
        let ready = simulation.ready()?;
        let mut missing = asked_keys(simulation.documents());
        missing.retain(|key| !is_known(simulation, key));
        let mut all = Vec::new();
        for action in &self.actions {
            for resource in resources {
                let missing = if resource == "*" { missing.clone() } else { Vec::new() };
                all.push((
                    format!("{:05}", all.len()),
                    shown(action, resource, ready.decide(action, resource), missing),
                ));
            }
        }
        let page = page(all, |(key, _)| key.clone(), self.marker.as_deref(), self.max_items)?;
        let items = page.items.into_iter().map(|(_, result)| result).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    }
}

/// Whether a condition key has a value: from the request, or from who asks.
fn is_known(simulation: &Simulation, key: &str) -> bool {
    let of_principal = match key.to_lowercase().as_str() {
        "aws:username" => matches!(simulation.principal, Principal::User { .. }),
        "aws:userid" | "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" => true,
        _ => false,
    };
    of_principal || simulation.context.get(key).is_some()
}

fn shown(action: &str, resource: &str, outcome: Outcome, missing: Vec<String>) -> EvaluationResult {
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: resource.to_owned(),
        eval_decision: outcome.decision.to_owned(),
        matched_statements: outcome.statements.into_iter().map(statement).collect(),
        missing_context_values: missing,
        permissions_boundary_decision_detail: outcome
            .within_boundary
            .map(|allows| PermissionsBoundaryDecisionDetail { allowed_by_permissions_boundary: allows }),
    }
}

fn statement(found: Found) -> MatchedStatement {
    let start = Place { line: 1, column: 1 };
    let (from, to) = found.place.unwrap_or((start, start));
    let position = |place: Place| Position { line: place.line, column: place.column };
    MatchedStatement {
        source_policy_id: found.id,
        source_policy_type: found.kind.to_owned(),
        start_position: position(from),
        end_position: position(to),
    }
}

/// The user that a request names as who asks.
fn caller_user(arn: &str) -> Result<Principal, Error> {
    let wrong = || Error::InvalidInput(format!("Invalid caller ARN: {arn}. It must be the ARN of a user."));
    let (account, rest) =
        arn.strip_prefix("arn:aws:iam::").and_then(|r| r.split_once(':')).ok_or_else(wrong)?;
    let rest = rest.strip_prefix("user").filter(|rest| rest.starts_with('/')).ok_or_else(wrong)?;
    let (path, name) = rest.split_at(rest.rfind('/').map_or(0, |slash| slash + 1));
    if account.len() != 12 || name.is_empty() {
        return Err(wrong());
    }
    let (account, path, name) = (account.to_owned(), path.to_owned(), name.to_owned());
    Ok(Principal::User { account, path, name, id: String::new() })
}

/// Somebody of the account, when the request says no more of who asks.
fn somebody(account: &str, context: &Context) -> Principal {
    let value = |key: &str| context.get(key).and_then(|values| values.first()).cloned();
    match value("aws:username") {
        Some(name) => Principal::User {
            account: account.to_owned(),
            path: "/".into(),
            name,
            id: value("aws:userid").unwrap_or_default(),
        },
        None => Principal::AssumedRole {
            account: account.to_owned(),
            path: "/".into(),
            role: "simulated".into(),
            role_id: "AROASIMULATED".into(),
            session_name: "simulated".into(),
        },
    }
}

impl Serve<SimulateCustomPolicy> for Identity {
    async fn access(&self, _: &SimulateCustomPolicy, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:SimulateCustomPolicy", "*")])
    }

    async fn handle(
        &self,
        op: SimulateCustomPolicy,
        caller: &Caller,
    ) -> Result<SimulateCustomPolicyResult, ApiError> {
        let asked = asked!(op);
        asked.check(op.resource_handling_option.as_deref())?;
        if asked.resource_policy.is_some() && op.caller_arn.is_none() {
            return Err(Error::InvalidInput("A resource policy needs a CallerArn.".into()).into());
        }
        let context = asked.context()?;
        let principal = match &op.caller_arn {
            Some(arn) => caller_user(arn)?,
            None => somebody(caller.account_id(), &context),
        };
        let inputs = simulation::given("PolicyInputList", op.policy_input_list)?;
        let page = asked.simulated(principal, context, inputs, None)?;
        Ok(SimulateCustomPolicyResult {
            evaluation_results: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<SimulatePrincipalPolicy> for Identity {
    async fn access(&self, op: &SimulatePrincipalPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy_source("iam:SimulatePrincipalPolicy", caller, &op.policy_source_arn)
    }

    async fn handle(
        &self,
        op: SimulatePrincipalPolicy,
        caller: &Caller,
    ) -> Result<SimulatePrincipalPolicyResult, ApiError> {
        let asked = asked!(op);
        asked.check(op.resource_handling_option.as_deref())?;
        let PolicySource { principal, mut inputs, boundary, tags } =
            PolicySource::find(&self.db.read()?, caller.account_id(), &op.policy_source_arn)?;
        inputs.extend(simulation::given("PolicyInputList", op.policy_input_list)?);
        let mut context = asked.context()?;
        if asked.resource_policy.is_some()
            && op.caller_arn.is_none()
            && !matches!(principal, Some(Principal::User { .. }))
        {
            return Err(Error::InvalidInput("A resource policy needs a CallerArn.".into()).into());
        }
        let principal = match (&op.caller_arn, principal) {
            (Some(arn), _) => caller_user(arn)?,
            (None, Some(principal)) => {
                for tag in &tags {
                    let key = format!("aws:PrincipalTag/{}", tag.key);
                    if context.get(&key).is_none() {
                        context.insert(key, tag.value.as_str());
                    }
                }
                principal
            }
            (None, None) => somebody(caller.account_id(), &context),
        };
        let page = asked.simulated(principal, context, inputs, boundary)?;
        Ok(SimulatePrincipalPolicyResult {
            evaluation_results: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<GetContextKeysForCustomPolicy> for Identity {
    async fn access(&self, _: &GetContextKeysForCustomPolicy, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetContextKeysForCustomPolicy", "*")])
    }

    async fn handle(
        &self,
        op: GetContextKeysForCustomPolicy,
        _: &Caller,
    ) -> Result<GetContextKeysForCustomPolicyResult, ApiError> {
        let inputs = simulation::given("PolicyInputList", op.policy_input_list)?;
        let documents = inputs.iter().map(|input| input.document.as_str());
        Ok(GetContextKeysForCustomPolicyResult { context_key_names: asked_keys(documents) })
    }
}

impl Serve<GetContextKeysForPrincipalPolicy> for Identity {
    async fn access(
        &self,
        op: &GetContextKeysForPrincipalPolicy,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        self.on_policy_source("iam:GetContextKeysForPrincipalPolicy", caller, &op.policy_source_arn)
    }

    async fn handle(
        &self,
        op: GetContextKeysForPrincipalPolicy,
        caller: &Caller,
    ) -> Result<GetContextKeysForPrincipalPolicyResult, ApiError> {
        let source = PolicySource::find(&self.db.read()?, caller.account_id(), &op.policy_source_arn)?;
        let given = simulation::given("PolicyInputList", op.policy_input_list)?;
        let all = source.inputs.iter().chain(&source.boundary).chain(&given);
        let documents = all.map(|input| input.document.as_str());
        Ok(GetContextKeysForPrincipalPolicyResult { context_key_names: asked_keys(documents) })
    }
}
