//! Which policies of a user, group or role give access to a service.

use ::store::Read;
use api_spec::ApiError;
use api_spec::iam::{
    ListPoliciesGrantingServiceAccess, ListPoliciesGrantingServiceAccessEntry,
    ListPoliciesGrantingServiceAccessResult, PolicyGrantingServiceAccess,
};
use auth::policy::{Policy, Principal};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use super::policy_sources::PolicySource;
use crate::domain::arn::parse_policy;
use crate::domain::names;
use crate::domain::permissions::Permissions;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::last_accessed::compile;
use crate::store::{groups, policies, roles, users};

/// Services that one request may ask about.
const MAX_NAMESPACES: usize = 200;

impl Serve<ListPoliciesGrantingServiceAccess> for Identity {
    async fn access(
        &self,
        op: &ListPoliciesGrantingServiceAccess,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        names::length("arn", &op.arn, 20, 2048)?;
        self.on_policy_source("iam:ListPoliciesGrantingServiceAccess", caller, &op.arn)
    }

    async fn handle(
        &self,
        op: ListPoliciesGrantingServiceAccess,
        caller: &Caller,
    ) -> Result<ListPoliciesGrantingServiceAccessResult, ApiError> {
        check(&op.service_namespaces)?;
        let held = held(&self.db.read()?, caller.account_id(), &op.arn)?;
        let asked = op.service_namespaces.into_iter().enumerate();
        let all = asked.map(|(place, service_namespace)| {
            let granting = held.iter().filter(|(policy, _)| policy.allows_service(&service_namespace));
            let policies = granting.map(|(_, shown)| shown.clone()).collect();
            (format!("{place:03}"), ListPoliciesGrantingServiceAccessEntry { service_namespace, policies })
        });
        let page = page(all.collect(), |(place, _)| place.clone(), op.marker.as_deref(), None)?;
        Ok(ListPoliciesGrantingServiceAccessResult {
            policies_granting_service_access: page.items.into_iter().map(|(_, entry)| entry).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn check(namespaces: &[String]) -> Result<(), Error> {
    if namespaces.is_empty() {
        return Err(Error::Validation("At least one service namespace is required.".into()));
    }
    if namespaces.len() > MAX_NAMESPACES {
        return Err(names::list_too_long("serviceNamespaces", MAX_NAMESPACES));
    }
    namespaces.iter().try_for_each(|namespace| names::service_namespace("serviceNamespaces", namespace))
}

type Held = Vec<(Policy, PolicyGrantingServiceAccess)>;

/// What the user, group or role of this ARN has: its own policies, then those of its groups.
fn held(read: &impl Read, account: &str, arn: &str) -> Result<Held, Error> {
    let mut all = Vec::new();
    match PolicySource::find(read, account, arn)?.principal {
        Some(Principal::User { name, .. }) => {
            let user = users::named(read, account, &name)?;
            add(read, account, ("USER", &user.name), &user.permissions, &mut all)?;
            for group in groups::of_user(read, &user)? {
                add(read, account, ("GROUP", &group.name), &group.permissions, &mut all)?;
            }
        }
        Some(Principal::AssumedRole { role, .. }) => {
            let role = roles::named(read, account, &role)?;
            add(read, account, ("ROLE", &role.name), &role.permissions, &mut all)?;
        }
        _ => {
            let group = groups::named(read, account, arn.rsplit('/').next().unwrap_or_default())?;
            add(read, account, ("GROUP", &group.name), &group.permissions, &mut all)?;
        }
    }
    Ok(all)
}

fn add(
    read: &impl Read,
    account: &str,
    (kind, holder): (&str, &str),
    permissions: &Permissions,
    all: &mut Held,
) -> Result<(), Error> {
    for arn in &permissions.attached {
        let shown = PolicyGrantingServiceAccess {
            policy_name: parse_policy(arn).map_or("", |parts| parts.name).to_owned(),
            policy_type: "MANAGED".into(),
            policy_arn: Some(arn.clone()),
            entity_type: None,
            entity_name: None,
        };
        // a policy of two groups is shown once
        if !all.iter().any(|(_, known)| *known == shown) {
            all.push((compile(policies::find(read, account, arn)?.document()?)?, shown));
        }
    }
    for (name, document) in &permissions.inline {
        let shown = PolicyGrantingServiceAccess {
            policy_name: name.clone(),
            policy_type: "INLINE".into(),
            policy_arn: None,
            entity_type: Some(kind.to_owned()),
            entity_name: Some(holder.to_owned()),
        };
        all.push((compile(document)?, shown));
    }
    Ok(())
}
