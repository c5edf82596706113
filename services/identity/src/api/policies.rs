//! Managed policies: the account's own, and a view of those that AWS manages.

use std::collections::BTreeMap;

use ::store::Read;
use api_spec::iam::{
    self, CreatePolicy, CreatePolicyResult, DeletePolicy, GetPolicy, GetPolicyResult, ListPolicies,
    ListPoliciesResult,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::creating;
use super::paging::page;
use super::{tags, views};
use crate::domain;
use crate::domain::managed_policy::{self, ManagedPolicy, Version};
use crate::domain::{arn, document, ids, names};
use crate::identity::Identity;
use crate::store::policies::{self, AnyPolicy, Usage};

impl Serve<CreatePolicy> for Identity {
    async fn access(&self, op: &CreatePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::policy(caller.account_id(), path, &op.policy_name);
        Ok(creating("iam:CreatePolicy", "iam:TagPolicy", arn, &tags(&op.tags)))
    }

    async fn handle(&self, op: CreatePolicy, caller: &Caller) -> Result<CreatePolicyResult, ApiError> {
        let now = self.clock.now();
        let first = Version { document: op.policy_document, created: now };
        document::check(&first.document)?;
        managed_policy::check_size(&first.document)?;
        let policy = ManagedPolicy {
            account: caller.account_id().to_owned(),
            id: ids::policy(&self.random),
            name: op.policy_name,
            path: op.path.unwrap_or_else(|| "/".into()),
            description: op.description.filter(|text| !text.is_empty()),
            created: now,
            updated: now,
            tags: tags(&op.tags),
            versions: BTreeMap::from([(1, first)]),
            default_version: 1,
            next_version: 2,
        };
        names::name_128("policyName", &policy.name)?;
        names::path("path", &policy.path)?;
        names::description(policy.description.as_deref().unwrap_or(""))?;
        domain::tags::check(&policy.tags)?;
        let (made, limit) = (policy.clone(), self.config.max_policies);
        self.db.change(move |tx| policies::create(tx, &made, limit)).await?;
        Ok(CreatePolicyResult { policy: views::policy(&policy, Usage::default()) })
    }
}

impl Serve<GetPolicy> for Identity {
    async fn access(&self, op: &GetPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy("iam:GetPolicy", caller, &op.policy_arn)
    }

    async fn handle(&self, op: GetPolicy, caller: &Caller) -> Result<GetPolicyResult, ApiError> {
        let (read, account) = (self.db.read()?, caller.account_id());
        let usage = policies::usage(&read, account, &op.policy_arn)?;
        let policy = match policies::find(&read, account, &op.policy_arn)? {
            AnyPolicy::Aws(managed) => views::aws_policy(managed, usage)?,
            AnyPolicy::Customer(policy) => views::policy(&policy, usage),
        };
        Ok(GetPolicyResult { policy })
    }
}

impl Serve<ListPolicies> for Identity {
    async fn access(&self, op: &ListPolicies, _: &Caller) -> Result<Vec<Access>, ApiError> {
        // the words AWS uses for it; only `*` in a policy matches them
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Access::new("iam:ListPolicies", format!("policy path {prefix}"))])
    }

    async fn handle(&self, op: ListPolicies, caller: &Caller) -> Result<ListPoliciesResult, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        let scope = op.scope.as_deref().unwrap_or("All");
        let usage = op.policy_usage_filter.as_deref();
        names::path_prefix(prefix)?;
        names::one_of("scope", scope, &["All", "AWS", "Local"])?;
        if let Some(usage) = usage {
            names::one_of("policyUsageFilter", usage, &["PermissionsPolicy", "PermissionsBoundary"])?;
        }
        let mut all = listed(&self.db.read()?, caller.account_id(), scope)?;
        let attached_only = op.only_attached.unwrap_or(false);
        all.retain(|policy| policy.path.starts_with(prefix));
        all.retain(|policy| {
            let (attached, limits) =
                (policy.attachment_count > 0, policy.permissions_boundary_usage_count > 0);
            match usage {
                Some("PermissionsPolicy") => attached,
                Some(_) => limits,
                None => !attached_only || attached || limits,
            }
        });
        let page = page(all, |policy| policy.arn.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(ListPoliciesResult { policies: page.items, is_truncated: page.is_truncated, marker: page.marker })
    }
}

/// The policies of a scope, in order of ARN.
fn listed(read: &impl Read, account: &str, scope: &str) -> Result<Vec<iam::Policy>, ApiError> {
    let mut all = Vec::new();
    if scope != "AWS" {
        for policy in policies::list(read, account)? {
            let usage = policies::usage(read, account, &policy.arn())?;
            all.push(views::listed_policy(&policy, usage));
        }
    }
    if scope != "Local" {
        for managed in auth::managed::list() {
            let usage = policies::usage(read, account, &managed.arn)?;
            all.push(iam::Policy { description: None, ..views::aws_policy(managed, usage)? });
        }
    }
    all.sort_by(|a, b| a.arn.cmp(&b.arn));
    Ok(all)
}

impl Serve<DeletePolicy> for Identity {
    async fn access(&self, op: &DeletePolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_own_policy("iam:DeletePolicy", caller, &op.policy_arn)
    }

    async fn handle(&self, op: DeletePolicy, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.change(move |tx| policies::delete(tx, &account, &op.policy_arn)).await?;
        Ok(Empty {})
    }
}
