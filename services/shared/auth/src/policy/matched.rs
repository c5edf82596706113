//! Every statement that bears on a request, for simulations: what [`super::evaluate`] decides by, and what else it
//! would have found.

use super::arn;
use super::document::Policy;
use super::evaluate::{Kind, Policies, Request, Source, StatementRef, reference};
use super::statement::{Subject, service_bit};

/// A statement that applies to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Which.
    pub statement: StatementRef,
    /// Whether it allows; it denies otherwise.
    pub allows: bool,
}

/// The statements that apply to the request, by policy: identity, boundary, session, then the resource's.
pub fn matched(req: &Request<'_>, policies: &Policies, resource_policy: Option<&Policy>) -> Vec<Matched> {
    let action = req.action.to_ascii_lowercase();
    let subject = Subject {
        action: &action,
        service: service_bit(&action),
        resource: req.resource,
        arn: arn::split(req.resource),
        keys: req.keys(),
    };
    let mut all = Vec::new();
    all.extend(own(Kind::Identity, &policies.identity, &subject));
    all.extend(own(Kind::Boundary, policies.boundary.as_slice(), &subject));
    all.extend(own(Kind::Session, &policies.session, &subject));
    for (index, statement) in resource_policy.iter().flat_map(|policy| policy.statements()).enumerate() {
        let applies = match statement.allow {
            true => statement.grants(&subject).is_some(),
            false => statement.denies(&subject),
        };
        if applies {
            let statement_ref = reference(Kind::Resource, "resource-based policy", index, statement);
            all.push(Matched { statement: statement_ref, allows: statement.allow });
        }
    }
    all
}

fn own(kind: Kind, sources: &[Source], subject: &Subject<'_>) -> Vec<Matched> {
    let mut found = Vec::new();
    for source in sources {
        for (index, statement) in source.policy.statements().iter().enumerate() {
            if statement.applies_to_own(subject) {
                let statement_ref = reference(kind, &source.name, index, statement);
                found.push(Matched { statement: statement_ref, allows: statement.allow });
            }
        }
    }
    found
}
