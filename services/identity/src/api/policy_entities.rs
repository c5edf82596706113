//! Who has a managed policy, or is limited by it.

use api_spec::ApiError;
use api_spec::iam::{
    ListEntitiesForPolicy, ListEntitiesForPolicyResult, PolicyGroup, PolicyRole, PolicyUser,
};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use crate::domain::names;
use crate::identity::Identity;
use crate::store::policies::{self, Entity, EntityKind};

const ENTITIES: &[&str] = &["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
const USAGES: &[&str] = &["PermissionsPolicy", "PermissionsBoundary"];

impl Serve<ListEntitiesForPolicy> for Identity {
    async fn access(&self, op: &ListEntitiesForPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_policy("iam:ListEntitiesForPolicy", caller, &op.policy_arn)
    }

    async fn handle(
        &self,
        op: ListEntitiesForPolicy,
        caller: &Caller,
    ) -> Result<ListEntitiesForPolicyResult, ApiError> {
        let prefix = op.path_prefix.as_deref().unwrap_or("/");
        names::path_prefix(prefix)?;
        if let Some(filter) = &op.entity_filter {
            names::one_of("entityFilter", filter, ENTITIES)?;
        }
        if let Some(usage) = &op.policy_usage_filter {
            names::one_of("policyUsageFilter", usage, USAGES)?;
        }
        let (read, account) = (self.db.read()?, caller.account_id());
        policies::find(&read, account, &op.policy_arn)?;
        let (attached, limited) = match op.policy_usage_filter.as_deref() {
            None => (true, true),
            Some(usage) => (usage == "PermissionsPolicy", usage == "PermissionsBoundary"),
        };
        let all = policies::entities(&read, account, &op.policy_arn, attached, limited)?;
        let wanted = |entity: &Entity| {
            let kind = op.entity_filter.as_deref().is_none_or(|filter| entity.kind.word() == filter);
            kind && entity.path.starts_with(prefix)
        };
        let page =
            page(all.into_iter().filter(wanted).collect(), sorts_by, op.marker.as_deref(), op.max_items)?;
        let mut result = ListEntitiesForPolicyResult {
            policy_groups: Vec::new(),
            policy_users: Vec::new(),
            policy_roles: Vec::new(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        };
        for Entity { kind, name, id, .. } in page.items {
            match kind {
                EntityKind::Group => {
                    result.policy_groups.push(PolicyGroup { group_name: name, group_id: id });
                }
                EntityKind::User => result.policy_users.push(PolicyUser { user_name: name, user_id: id }),
                EntityKind::Role => result.policy_roles.push(PolicyRole { role_name: name, role_id: id }),
            }
        }
        Ok(result)
    }
}

fn sorts_by(entity: &Entity) -> String {
    format!("{}/{}", entity.kind.word(), entity.sorts_by)
}
