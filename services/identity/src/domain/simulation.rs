//! Simulations: the engine that decides requests, asked what it would say.

use auth::policy::{
    self, Context, Decision, Kind, Matched, Policies, Policy, PolicyKind, Principal, Request, Source,
};

use super::document;
use super::positions::{self, Place};
use crate::error::Error;

/// A policy of a simulation.
#[derive(Clone, Debug)]
pub struct Input {
    /// What answers call it: its ARN, `user_alice_name`, or `PolicyInputList.1`.
    pub id: String,
    /// What it is: `user`, `group`, `role`, `aws-managed`, `user-managed` or `none`.
    pub kind: &'static str,
    /// The JSON text.
    pub document: String,
}

/// Policies that stand in a request, numbered from 1; a malformed one is refused.
pub fn given(list: &str, documents: Vec<String>) -> Result<Vec<Input>, Error> {
    let numbered = (1..).zip(documents);
    let checked = numbered.map(|(number, document)| {
        check(list, &document, PolicyKind::Identity)?;
        Ok(Input { id: format!("{list}.{number}"), kind: "none", document })
    });
    checked.collect()
}

/// Refuses a document; simulations call it an invalid input.
pub fn check(field: &str, text: &str, kind: PolicyKind) -> Result<(), Error> {
    match document::check_as(field, text, kind) {
        Err(Error::MalformedPolicy(why)) => Err(Error::InvalidInput(why)),
        checked => checked,
    }
}

/// Everything that decides, and who asks.
pub struct Simulation {
    /// Who asks.
    pub principal: Principal,
    /// Condition keys.
    pub context: Context,
    /// The principal's policies.
    pub inputs: Vec<Input>,
    /// The boundary.
    pub boundary: Option<Input>,
    /// The resource's policy.
    pub resource_policy: Option<String>,
    /// The account that owns the resource.
    pub resource_account: Option<String>,
}

/// A statement that brought a decision about.
pub struct Found {
    /// What answers call its policy.
    pub id: String,
    /// What its policy is.
    pub kind: &'static str,
    /// Where it begins and ends.
    pub place: Option<(Place, Place)>,
}

/// What the policies say of one action on one resource.
pub struct Outcome {
    /// AWS's word for it.
    pub decision: &'static str,
    /// The statements that brought it about.
    pub statements: Vec<Found>,
    /// Whether the boundary allows, if there is one.
    pub within_boundary: Option<bool>,
}

/// A simulation whose documents are compiled.
pub struct Ready<'a> {
    simulation: &'a Simulation,
    policies: Policies,
    boundary_alone: Option<Policies>,
    resource_policy: Option<Policy>,
}

impl Simulation {
    /// Compiles the documents.
    pub fn ready(&self) -> Result<Ready<'_>, Error> {
        let sources: Result<Vec<Source>, Error> = self.inputs.iter().map(source).collect();
        let boundary = self.boundary.as_ref().map(source).transpose()?;
        let resource_policy = self
            .resource_policy
            .as_deref()
            .map(|text| Policy::parse_resource(text).map_err(|error| Error::InvalidInput(error.to_string())));
        let alone = |limit: &Source| Policies { identity: vec![limit.clone()], ..Policies::default() };
        Ok(Ready {
            simulation: self,
            boundary_alone: boundary.as_ref().map(alone),
            policies: Policies { identity: sources?, boundary, session: Vec::new() },
            resource_policy: resource_policy.transpose()?,
        })
    }

    /// The texts of all policies.
    pub fn documents(&self) -> Vec<&str> {
        let own = self.inputs.iter().chain(&self.boundary).map(|input| input.document.as_str());
        own.chain(self.resource_policy.as_deref()).collect()
    }
}

impl Ready<'_> {
    /// What the policies say.
    pub fn decide(&self, action: &str, resource: &str) -> Outcome {
        let simulation = self.simulation;
        let request =
            Request { principal: &simulation.principal, action, resource, context: &simulation.context };
        let (policies, theirs) = (&self.policies, self.resource_policy.as_ref());
        let decision = policy::evaluate(&request, policies, theirs, simulation.resource_account.as_deref());
        let (word, allows) = match decision {
            Decision::Allowed { .. } => ("allowed", Some(true)),
            Decision::DeniedExplicitly { .. } => ("explicitDeny", Some(false)),
            Decision::DeniedImplicitly { .. } => ("implicitDeny", None),
        };
        let matched = policy::matched(&request, policies, theirs);
        let decisive = matched.iter().filter(|one| Some(one.allows) == allows);
        let within = |limit: &Policies| policy::evaluate(&request, limit, None, None).is_allowed();
        Outcome {
            decision: word,
            statements: decisive.map(|one| self.found(one)).collect(),
            within_boundary: self.boundary_alone.as_ref().map(within),
        }
    }

    fn found(&self, matched: &Matched) -> Found {
        let simulation = self.simulation;
        let (statement, resource) = (&matched.statement, simulation.resource_policy.as_deref());
        let all = simulation.inputs.iter().chain(&simulation.boundary);
        let input = all.into_iter().find(|input| input.id == statement.policy);
        let (id, kind, text) = match (statement.kind, input) {
            (Kind::Resource, _) => ("ResourcePolicy", "resource", resource),
            (_, Some(input)) => (input.id.as_str(), input.kind, Some(input.document.as_str())),
            (_, None) => (statement.policy.as_str(), "none", None),
        };
        let place = text.and_then(|text| positions::statements(text).get(statement.index).copied());
        Found { id: id.to_owned(), kind, place }
    }
}

fn source(input: &Input) -> Result<Source, Error> {
    let policy = Policy::parse_identity(&input.document);
    let policy = policy.map_err(|error| Error::InvalidInput(error.to_string()))?;
    Ok(Source::new(input.id.as_str(), policy))
}
