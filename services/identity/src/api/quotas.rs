//! Quotas of whole accounts: the operator sets them through the internal door, which only services and root may open.
//! They are one policy more for everybody in the account. It holds quota statements only, so that it can never allow.

use std::sync::Arc;

use api_spec::ApiError;
use auth::policy::Policy;
use axum::Router;
use calls::Done;
use calls::identity::{AccountQuotas, GetAccountQuotas, NamedPolicy, Resolved, SetAccountQuotas};
use kit::internal::answer;

use crate::error::Error;
use crate::identity::Identity;
use crate::store::accounts;

/// How the audit trail names the policy.
const SOURCE: &str = "quotas of the account";

/// Adds the answers to the operator's calls.
pub fn routes(router: Router, identity: &Arc<Identity>) -> Router {
    let (sets, gets) = (Arc::clone(identity), Arc::clone(identity));
    let router = answer(router, move |call: SetAccountQuotas| {
        let identity = Arc::clone(&sets);
        async move { identity.set_quotas(call).await.map_err(ApiError::from) }
    });
    answer(router, move |call: GetAccountQuotas| {
        let identity = Arc::clone(&gets);
        async move { identity.account_quotas(&call).map_err(ApiError::from) }
    })
}

impl Identity {
    async fn set_quotas(&self, call: SetAccountQuotas) -> Result<Done, Error> {
        if let Some(document) = &call.document {
            check(document)?;
        }
        self.db
            .change(move |tx| {
                accounts::find(tx, &call.account_id)?;
                accounts::set_quotas(tx, &call.account_id, call.document.as_ref())?;
                Ok(Done {})
            })
            .await
    }

    fn account_quotas(&self, call: &GetAccountQuotas) -> Result<AccountQuotas, Error> {
        let read = self.db.read()?;
        accounts::find(&read, &call.account_id)?;
        Ok(AccountQuotas { document: accounts::quotas(&read, &call.account_id)? })
    }

    /// Adds the account's quotas to what is known of one of its keys.
    pub(super) fn with_account_quotas(&self, resolved: Resolved) -> Result<Resolved, Error> {
        let Resolved::Active(mut credential) = resolved else { return Ok(resolved) };
        if let Some(document) = accounts::quotas(&self.db.read()?, &credential.account_id)? {
            credential.policies.push(NamedPolicy { source: SOURCE.into(), document });
        }
        Ok(Resolved::Active(credential))
    }
}

fn check(document: &str) -> Result<(), Error> {
    let policy =
        Policy::parse_identity(document).map_err(|error| Error::MalformedPolicy(error.to_string()))?;
    if policy.is_only_quotas() {
        return Ok(());
    }
    let why = "Every statement must be a Deny with a murus:quota-... condition: quotas of an account do nothing else.";
    Err(Error::MalformedPolicy(why.into()))
}
