//! Whether accounts that grants name are there: only identity knows.

use std::collections::BTreeSet;

use calls::identity::FindCanonicalUsers;
use kit::ServiceName;

use super::acl::ANONYMOUS_ID;
use super::exchange::Exchange;
use crate::domain::acl::{EC2_BUNDLES_ID, Grantee};
use crate::error::Error;

/// What S3 calls an id in a document.
pub const ELEMENT: &str = "CanonicalUser/ID";
/// What S3 says of an id that is nobody's.
pub const INVALID: &str = "Invalid id";

/// An account that a request grants something, and where it named it.
pub struct NamedUser {
    id: String,
    argument: String,
    value: String,
}

impl NamedUser {
    /// The account of a grantee, named by `value` in `argument`; none for a group.
    pub fn of(grantee: &Grantee, argument: &str, value: &str) -> Option<NamedUser> {
        let Grantee::User(id) = grantee else { return None };
        Some(NamedUser { id: id.clone(), argument: argument.to_owned(), value: value.to_owned() })
    }

    /// The same of a grantee in a document.
    pub fn of_document(grantee: &Grantee) -> Option<NamedUser> {
        let Grantee::User(id) = grantee else { return None };
        Self::of(grantee, ELEMENT, id)
    }
}

/// Refuses a grant to nobody. The caller, the `owners` and those whom S3 itself grants need no question; the others
/// are asked for at once.
///
/// # Errors
/// `InvalidArgument` for an id that no account has, or when identity cannot be asked.
pub async fn are_known(x: &Exchange, owners: &[&str], users: Vec<NamedUser>) -> Result<(), Error> {
    let s3s = [x.caller.canonical_user_id(), ANONYMOUS_ID, EC2_BUNDLES_ID];
    let strange = |id: &String| !owners.contains(&id.as_str()) && !s3s.contains(&id.as_str());
    let asked: BTreeSet<String> = users.iter().map(|user| user.id.clone()).filter(strange).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let question = FindCanonicalUsers { ids: asked.iter().cloned().collect() };
    let answer = x.service.context.peers.internal(ServiceName::Identity).call(&question).await?;
    let nobodys = |user: &NamedUser| asked.contains(&user.id) && !answer.found.contains(&user.id);
    match users.into_iter().find(nobodys) {
        Some(NamedUser { argument, value, .. }) => Err(Error::argument(&argument, &value, INVALID)),
        None => Ok(()),
    }
}
