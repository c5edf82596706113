//! A whole policy document: parsed, validated and compiled once, kept with its source text.

use super::error::PolicyError;
use super::json::Json;
use super::statement::{self, Statement};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// What a policy is attached to, which decides the elements it must and must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a user, group or role, a boundary or a session: no `Principal`.
    Identity,
    /// Of a bucket or another resource: `Principal` and `Resource` required.
    Resource,
    /// Who may assume a role: `Principal` required, no `Resource`, STS actions only.
    Trust,
    /// Not known any more; takes the elements of each.
    Any,
}

/// A compiled policy document. Cheap to clone; (de)serializes as its source text.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: String,
    version: &'static str,
    id: Option<String>,
    statements: Vec<Statement>,
    public: bool,
    quotas: bool,
}

impl Policy {
    /// A document of any kind: for one whose kind was checked when it was stored.
    ///
    /// # Errors
    /// Says which statement and element is malformed, and why.
    pub fn parse(json: &str) -> Result<Policy, PolicyError> {
        Self::parse_as(json, PolicyKind::Any)
    }

    /// A policy of a user, group, role, boundary or session.
    ///
    /// # Errors
    /// As [`Policy::parse`]; a `Principal` is refused.
    pub fn parse_identity(json: &str) -> Result<Policy, PolicyError> {
        Self::parse_as(json, PolicyKind::Identity)
    }

    /// A policy of a resource, such as a bucket.
    ///
    /// # Errors
    /// As [`Policy::parse`]; `Principal` and `Resource` are required.
    pub fn parse_resource(json: &str) -> Result<Policy, PolicyError> {
        Self::parse_as(json, PolicyKind::Resource)
    }

    /// A role's trust policy.
    ///
    /// # Errors
    /// As [`Policy::parse`]; `Principal` is required, `Resource` and actions other than STS's are refused.
    pub fn parse_trust(json: &str) -> Result<Policy, PolicyError> {
        Self::parse_as(json, PolicyKind::Trust)
    }

    /// A document of the given kind.
    ///
    /// # Errors
    /// Says which statement and element is malformed, and why.
    pub fn parse_as(json: &str, kind: PolicyKind) -> Result<Policy, PolicyError> {
        let document: Json = serde_json::from_str(json)
            .map_err(|error| PolicyError::new("", format!("Syntax errors in policy: {error}")))?;
        let Json::Object(members) = document else {
            return Err(PolicyError::new("", "Syntax errors in policy: a policy must be an object"));
        };
        let (mut version, mut id, mut statements) = ("2008-10-17", None, None);
        for (name, value) in members {
            match (&*name, value) {
                ("Version", Json::Text(text)) => version = known_version(&text)?,
                ("Id", Json::Text(text)) => id = Some(text),
                ("Statement", value) => statements = Some(value),
                ("Version" | "Id", other) => {
                    return Err(PolicyError::new(&name, format!("{name} cannot be {}.", other.kind())));
                }
                _ => return Err(PolicyError::new(&name, "Syntax errors in policy: unknown element.")),
            }
        }
        let statements =
            statements.ok_or_else(|| PolicyError::new("Statement", "Missing required field Statement"))?;
        let statements = parse_statements(statements, kind, version == "2012-10-17")?;
        let public = statements.iter().any(Statement::is_public);
        let quotas = statements.iter().any(|statement| !statement.quotas().is_empty());
        Ok(Policy(Arc::new(Inner { source: json.to_owned(), version, id, statements, public, quotas })))
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// `2012-10-17` or `2008-10-17`, which is also the default.
    pub fn version(&self) -> &'static str {
        self.0.version
    }

    /// The `Id` element.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// Whether S3 would call it public: it allows everyone, and no condition ties them to a fixed address,
    /// network, account or principal.
    pub fn is_public(&self) -> bool {
        self.0.public
    }

    /// Whether any of its statements sets a quota.
    pub fn sets_quotas(&self) -> bool {
        self.0.quotas
    }

    /// Whether it does nothing but set quotas.
    pub fn is_only_quotas(&self) -> bool {
        self.0.statements.iter().all(|statement| !statement.quotas().is_empty())
    }

    /// Whether it allows the one it is attached to some action of a service (`s3`, in any case) on something, under some condition.
    /// What other statements deny is not looked at.
    pub fn allows_service(&self, service: &str) -> bool {
        let service = service.to_ascii_lowercase();
        self.0.statements.iter().any(|statement| statement.allows_service(&service))
    }

    /// Whether it allows the one it is attached to an action (`s3:GetObject`, in any case) on something, under some
    /// condition. What other statements deny is not looked at.
    pub fn allows_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.0.statements.iter().any(|statement| statement.allows_action(&action))
    }

    /// How many statements it has.
    pub fn statement_count(&self) -> usize {
        self.0.statements.len()
    }

    /// The texts of every `Action` and `NotAction`, with the index of the statement.
    pub fn actions(&self) -> impl Iterator<Item = (usize, &str)> {
        self.texts(Statement::action_texts)
    }

    /// The texts of every `Resource` and `NotResource`, with the index of the statement.
    pub fn resources(&self) -> impl Iterator<Item = (usize, &str)> {
        self.texts(Statement::resource_texts)
    }

    fn texts(&self, of: fn(&Statement) -> &[String]) -> impl Iterator<Item = (usize, &str)> {
        let statements = self.0.statements.iter().enumerate();
        statements.flat_map(move |(i, statement)| of(statement).iter().map(move |text| (i, text.as_str())))
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.0.statements
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Policy {}

impl std::str::FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Policy::parse(text)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Policy::parse(&source).map_err(serde::de::Error::custom)
    }
}

fn known_version(text: &str) -> Result<&'static str, PolicyError> {
    match text {
        "2012-10-17" => Ok("2012-10-17"),
        "2008-10-17" => Ok("2008-10-17"),
        _ => Err(PolicyError::new(
            "Version",
            format!("The policy must contain a valid version string, not {text}"),
        )),
    }
}

fn parse_statements(json: Json, kind: PolicyKind, variables: bool) -> Result<Vec<Statement>, PolicyError> {
    let list = match json {
        Json::List(list) => list,
        one @ Json::Object(_) => vec![one],
        other => {
            return Err(PolicyError::new("Statement", format!("Statement cannot be {}.", other.kind())));
        }
    };
    if list.is_empty() {
        return Err(PolicyError::new("Statement", "A policy must have at least one statement."));
    }
    let mut statements: Vec<Statement> = Vec::with_capacity(list.len());
    for (i, json) in list.into_iter().enumerate() {
        let statement = statement::parse(json, kind, variables).map_err(|error| error.at(i))?;
        let sid = statement.sid.as_deref().filter(|sid| !sid.is_empty());
        if sid.is_some() && statements.iter().any(|earlier| earlier.sid.as_deref() == sid) {
            let reason = "Statement IDs (SID) in a single policy must be unique.";
            return Err(PolicyError::new("Sid", reason).at(i));
        }
        statements.push(statement);
    }
    Ok(statements)
}
