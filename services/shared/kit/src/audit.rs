//! One line for every request that reached an operation: who, what, from where, allowed or not and why.

use api_spec::ApiError;
use auth::policy::Decision;

use crate::caller::Caller;

/// What there is to say about a finished request.
pub struct Record<'a> {
    /// Service and action, `ec2:RunInstances`.
    pub action: &'a str,
    /// Who asked.
    pub caller: &'a Caller,
    /// What allowed or denied it; none when it did not come to a decision.
    pub decision: Option<&'a Decision>,
    /// How it ended.
    pub outcome: Result<(), &'a ApiError>,
}

/// Writes the line.
pub fn write(record: &Record<'_>) {
    let caller = record.caller;
    let by = record.decision.map(|decision| match decision {
        Decision::Allowed { by } | Decision::DeniedExplicitly { by } => {
            format!("{} statement {}", by.policy, by.index)
        }
        Decision::DeniedImplicitly { missing } => format!("no {missing:?} policy allows it"),
    });
    tracing::info!(
        target: "audit",
        request_id = %caller.origin.request_id,
        action = record.action,
        principal = %caller.principal().arn(),
        access_key_id = caller.access_key_id(),
        source_ip = caller.origin.source_ip.map(tracing::field::display),
        by,
        error = record.outcome.err().map(|error| error.code.as_str()),
        "request"
    );
}
