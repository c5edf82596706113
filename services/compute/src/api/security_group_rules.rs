//! Rules of security groups: allowing, revoking, describing.

use api_spec::ApiError;
use api_spec::ec2::common::TagSpecification;
use api_spec::ec2::security_group_rules::{
    self as wire, AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupEgressResult,
    AuthorizeSecurityGroupIngress, AuthorizeSecurityGroupIngressResult, DescribeSecurityGroupRules,
    DescribeSecurityGroupRulesResult, RequestGroupPair, RequestIpPermission, RequestIpRange,
    RevokeSecurityGroupEgress, RevokeSecurityGroupEgressResult, RevokeSecurityGroupIngress,
    RevokeSecurityGroupIngressResult,
};
use api_spec::ids::{SecurityGroupId, SecurityGroupRuleId};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::{Read, Tx};

use super::filter::{Filtered, by_id, flag, one, page, select};
use super::shown;
use crate::domain::rule::{self, GroupName};
use crate::domain::security_group::{Peer, Rule, SecurityGroup, WantedRule, protocol_name};
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::security_groups;

/// What the four actions have in common, whichever way round.
#[derive(Clone, Debug)]
struct Change {
    egress: bool,
    group_id: Option<String>,
    group_name: Option<String>,
    permissions: Vec<RequestIpPermission>,
    rule_ids: Vec<String>,
    tags: Vec<TagSpecification>,
}

/// The parameters of old that stand for a single permission.
#[derive(Clone, Debug)]
struct Flat {
    cidr: Option<String>,
    protocol: Option<String>,
    from: Option<i32>,
    to: Option<i32>,
    source_name: Option<String>,
    source_owner: Option<String>,
}

impl Flat {
    /// As an IpPermission; none when none of them is given.
    fn permission(self) -> Option<RequestIpPermission> {
        let any = self.cidr.is_some() || self.protocol.is_some() || self.source_name.is_some();
        let pair = |name| RequestGroupPair {
            description: None,
            user_id: self.source_owner.clone(),
            group_name: Some(name),
            group_id: None,
            vpc_id: None,
            vpc_peering_connection_id: None,
            peering_status: None,
        };
        any.then(|| RequestIpPermission {
            // a source group alone means everything from it
            ip_protocol: self.protocol.clone().or_else(|| self.source_name.as_ref().map(|_| "-1".into())),
            from_port: self.from,
            to_port: self.to,
            user_id_group_pairs: self.source_name.clone().map(pair).into_iter().collect(),
            ip_ranges: (self.cidr.iter())
                .map(|cidr| RequestIpRange { cidr_ip: Some(cidr.clone()), description: None })
                .collect(),
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
        })
    }
}

macro_rules! change {
    ($op:ident, $egress:literal, name: $name:expr, rules: $rules:expr, tags: $tags:expr) => {{
        let flat = Flat {
            cidr: $op.cidr_ip,
            protocol: $op.ip_protocol,
            from: $op.from_port,
            to: $op.to_port,
            source_name: $op.source_security_group_name,
            source_owner: $op.source_security_group_owner_id,
        };
        let mut permissions = $op.ip_permissions;
        let flat = flat.permission();
        if flat.is_some() && !permissions.is_empty() {
            return Err(Error::combination(
                "The parameter ipPermissions may not be used in combination with single-rule parameters",
            )
            .into());
        }
        permissions.extend(flat);
        Change {
            egress: $egress,
            group_id: $op.group_id.into(),
            group_name: $name,
            permissions,
            rule_ids: $rules,
            tags: $tags,
        }
    }};
}

/// The rules that a change is about, with the groups they name looked up.
fn wanted(tx: &Tx<'_>, group: &SecurityGroup, change: &Change) -> Result<Vec<WantedRule>, Error> {
    rule::read(&change.permissions, change.egress, |name| match name {
        GroupName::Id(text) => Ok(security_groups::owned(
            tx,
            &group.account_id,
            &id::<SecurityGroupId>(Kind::SecurityGroup, text)?,
        )?
        .id),
        GroupName::Name(name) => security_groups::by_name(tx, &group.vpc, name)?
            .map(|found| found.id)
            .ok_or_else(|| Error::not_found(Kind::SecurityGroup, name)),
    })
}

impl Service {
    async fn authorize_rules(
        &self,
        caller: &Caller,
        change: Change,
    ) -> Result<Vec<wire::SecurityGroupRule>, Error> {
        let account = caller.account_id().to_owned();
        let [tags] = tags::specified(&change.tags, ["security-group-rule"])?;
        let peers = |one: &RequestIpPermission| one.ip_ranges.len() + one.user_id_group_pairs.len();
        let count: usize = change.permissions.iter().map(peers).sum();
        let ids: Vec<_> =
            (0..count).map(|_| SecurityGroupRuleId::from_random(self.context.random.u128())).collect();
        let (group, added) = self
            .store
            .transact(move |tx| {
                let (id, name) = (change.group_id.as_deref(), change.group_name.as_deref());
                let mut group = Service::named_group(tx, &account, id, name)?;
                let wanted = wanted(tx, &group, &change)?;
                let added = group.authorize(wanted, &ids, &tags)?;
                security_groups::put(tx, &group)?;
                Ok::<_, Error>((group, added))
            })
            .await?;
        Ok(added.iter().map(|rule| self.describe_rule(&group, rule)).collect())
    }

    async fn revoke_rules(
        &self,
        caller: &Caller,
        change: Change,
    ) -> Result<Vec<wire::RevokedSecurityGroupRule>, Error> {
        let account = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let (id, name) = (change.group_id.as_deref(), change.group_name.as_deref());
                let mut group = Service::named_group(tx, &account, id, name)?;
                let unwanted = if change.rule_ids.is_empty() {
                    wanted(tx, &group, &change)?
                } else {
                    named_rules(&group, &change)?
                };
                let removed = group.revoke(&unwanted)?;
                security_groups::put(tx, &group)?;
                Ok(removed.iter().map(|rule| revoked(&group, rule)).collect())
            })
            .await
    }

    fn describe_rule(&self, group: &SecurityGroup, rule: &Rule) -> wire::SecurityGroupRule {
        let (cidr, referenced) = match &rule.allow.peer {
            Peer::Cidr(range) => (Some(range.to_string()), None),
            Peer::Group(other) => {
                let user_id = group.account_id.clone();
                (None, Some(wire::ReferencedSecurityGroup { group_id: other.to_string(), user_id }))
            }
        };
        wire::SecurityGroupRule {
            security_group_rule_id: rule.id.to_string(),
            group_id: group.id.to_string(),
            group_owner_id: group.account_id.clone(),
            is_egress: rule.allow.egress,
            ip_protocol: protocol_name(rule.allow.protocol),
            from_port: rule.allow.from,
            to_port: rule.allow.to,
            cidr_ipv4: cidr,
            referenced_group_info: referenced,
            description: rule.description.clone(),
            tags: shown(&rule.tags),
            security_group_rule_arn: Some(self.arn(
                &group.account_id,
                "security-group-rule",
                rule.id.as_str(),
            )),
        }
    }
}

fn named_rules(group: &SecurityGroup, change: &Change) -> Result<Vec<WantedRule>, Error> {
    if !change.permissions.is_empty() {
        return Err(Error::combination("Rules may be named by id or by permissions, not by both"));
    }
    let find = |text: &String| {
        let rule: SecurityGroupRuleId = id(Kind::SecurityGroupRule, text)?;
        let found = group.rules.iter().find(|one| one.id == rule && one.allow.egress == change.egress);
        found
            .map(|one| WantedRule { allow: one.allow.clone(), description: None })
            .ok_or_else(|| Error::not_found(Kind::SecurityGroupRule, text))
    };
    change.rule_ids.iter().map(find).collect()
}

fn revoked(group: &SecurityGroup, rule: &Rule) -> wire::RevokedSecurityGroupRule {
    let (cidr, referenced) = match &rule.allow.peer {
        Peer::Cidr(range) => (Some(range.to_string()), None),
        Peer::Group(other) => (None, Some(other.to_string())),
    };
    wire::RevokedSecurityGroupRule {
        security_group_rule_id: rule.id.to_string(),
        group_id: group.id.to_string(),
        is_egress: rule.allow.egress,
        ip_protocol: protocol_name(rule.allow.protocol),
        from_port: rule.allow.from,
        to_port: rule.allow.to,
        cidr_ipv4: cidr,
        referenced_group_id: referenced,
        description: rule.description.clone(),
    }
}

impl Service {
    /// An authorization's accesses: the group, and the rules it makes where they are tagged.
    fn access_authorize(
        &self,
        caller: &Caller,
        action: &str,
        (id, name): (Option<&str>, Option<&str>),
        specifications: &[TagSpecification],
    ) -> Result<Vec<Access>, ApiError> {
        let mut accesses = vec![self.access_group(caller, action, id, name)?];
        let [tags] = tags::specified(specifications, ["security-group-rule"])?;
        if !tags.is_empty() {
            accesses.extend(self.creating(caller, action, "security-group-rule", &tags));
        }
        Ok(accesses)
    }
}

impl Serve<AuthorizeSecurityGroupIngress> for Service {
    async fn access(
        &self,
        op: &AuthorizeSecurityGroupIngress,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let named = (op.group_id.as_deref(), op.group_name.as_deref());
        self.access_authorize(caller, "AuthorizeSecurityGroupIngress", named, &op.tag_specifications)
    }

    async fn handle(
        &self,
        op: AuthorizeSecurityGroupIngress,
        caller: &Caller,
    ) -> Result<AuthorizeSecurityGroupIngressResult, ApiError> {
        let change = change!(op, false, name: op.group_name, rules: Vec::new(), tags: op.tag_specifications);
        let security_group_rules = self.authorize_rules(caller, change).await?;
        Ok(AuthorizeSecurityGroupIngressResult { value: true, security_group_rules })
    }
}

impl Serve<AuthorizeSecurityGroupEgress> for Service {
    async fn access(
        &self,
        op: &AuthorizeSecurityGroupEgress,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let named = (Some(op.group_id.as_str()), None);
        self.access_authorize(caller, "AuthorizeSecurityGroupEgress", named, &op.tag_specifications)
    }

    async fn handle(
        &self,
        op: AuthorizeSecurityGroupEgress,
        caller: &Caller,
    ) -> Result<AuthorizeSecurityGroupEgressResult, ApiError> {
        let change = change!(op, true, name: None, rules: Vec::new(), tags: op.tag_specifications);
        let security_group_rules = self.authorize_rules(caller, change).await?;
        Ok(AuthorizeSecurityGroupEgressResult { value: true, security_group_rules })
    }
}

impl Serve<RevokeSecurityGroupIngress> for Service {
    async fn access(
        &self,
        op: &RevokeSecurityGroupIngress,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let (id, name) = (op.group_id.as_deref(), op.group_name.as_deref());
        Ok(vec![self.access_group(caller, "RevokeSecurityGroupIngress", id, name)?])
    }

    async fn handle(
        &self,
        op: RevokeSecurityGroupIngress,
        caller: &Caller,
    ) -> Result<RevokeSecurityGroupIngressResult, ApiError> {
        let rules = op.security_group_rule_ids;
        let change = change!(op, false, name: op.group_name, rules: rules, tags: Vec::new());
        let revoked_security_group_rules = self.revoke_rules(caller, change).await?;
        Ok(RevokeSecurityGroupIngressResult {
            value: true,
            unknown_ip_permissions: Vec::new(),
            revoked_security_group_rules,
        })
    }
}

impl Serve<RevokeSecurityGroupEgress> for Service {
    async fn access(&self, op: &RevokeSecurityGroupEgress, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.access_group(caller, "RevokeSecurityGroupEgress", Some(&op.group_id), None)?])
    }

    async fn handle(
        &self,
        op: RevokeSecurityGroupEgress,
        caller: &Caller,
    ) -> Result<RevokeSecurityGroupEgressResult, ApiError> {
        let rules = op.security_group_rule_ids;
        let change = change!(op, true, name: None, rules: rules, tags: Vec::new());
        let revoked_security_group_rules = self.revoke_rules(caller, change).await?;
        Ok(RevokeSecurityGroupEgressResult {
            value: true,
            unknown_ip_permissions: Vec::new(),
            revoked_security_group_rules,
        })
    }
}

/// A rule with the group it belongs to.
struct OwnedRule {
    group: SecurityGroupId,
    rule: Rule,
    shown: wire::SecurityGroupRule,
}

impl Filtered for OwnedRule {
    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id", "is-egress"];
    fn tags(&self) -> &[Tag] {
        &self.rule.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "group-id" => one(&self.group),
            "is-egress" => flag(self.rule.allow.egress),
            _ => one(&self.rule.id),
        }
    }
}

impl Service {
    fn rules_of(&self, read: &impl Read, account: &str) -> Result<Vec<OwnedRule>, Error> {
        let groups = security_groups::of_account(read, account)?;
        let rules = groups.iter().flat_map(|group| {
            group.rules.iter().map(|rule| OwnedRule {
                group: group.id.clone(),
                rule: rule.clone(),
                shown: self.describe_rule(group, rule),
            })
        });
        Ok(rules.collect())
    }
}

impl Serve<DescribeSecurityGroupRules> for Service {
    async fn access(&self, _: &DescribeSecurityGroupRules, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeSecurityGroupRules")])
    }

    async fn handle(
        &self,
        op: DescribeSecurityGroupRules,
        caller: &Caller,
    ) -> Result<DescribeSecurityGroupRulesResult, ApiError> {
        self.default_vpc(caller.account_id()).await?;
        let all = self.rules_of(&self.read()?, caller.account_id())?;
        let ids = &op.security_group_rule_ids;
        let key = |one: &OwnedRule| one.rule.id.to_string();
        let named = by_id::<_, SecurityGroupRuleId>(all, ids, Kind::SecurityGroupRule, key)?;
        let chosen = select(named, &op.filters)?;
        let (found, next_token) = page(chosen, key, op.max_results, op.next_token.as_deref(), ids)?;
        Ok(DescribeSecurityGroupRulesResult {
            security_group_rules: found.into_iter().map(|one| one.shown).collect(),
            next_token,
        })
    }
}
