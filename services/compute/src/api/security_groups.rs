//! Security groups.

use api_spec::ec2::security_groups::{
    self as wire, CreateSecurityGroup, CreateSecurityGroupResult, DeleteSecurityGroup,
    DeleteSecurityGroupResult, DescribeSecurityGroups, DescribeSecurityGroupsResult,
};
use api_spec::ids::{SecurityGroupId, SecurityGroupRuleId, VpcId};
use api_spec::{ApiError, ErrorCode};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::{Read, Tx};

use super::filter::{Filtered, by_id, one, page, select};
use super::shown;
use crate::domain::security_group::{Peer, Rule, SecurityGroup, everything_out, protocol_name};
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::{interfaces, networks, security_groups};

/// Groups that a VPC may have.
const MAX_GROUPS: usize = 500;

/// Whether a name or description is one that AWS takes.
fn check_text(what: &str, text: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.is_empty() || text.len() > 255 || !text.chars().all(allowed) {
        return Err(Error::value(format!(
            "Value ({}) for parameter {what} is invalid. Character sets beyond ASCII are not supported; 1 to 255 \
             characters of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{{}}!$* are expected.",
            text.chars().take(300).collect::<String>()
        )));
    }
    Ok(())
}

impl Serve<CreateSecurityGroup> for Service {
    async fn access(&self, op: &CreateSecurityGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let [tags] = tags::specified(&op.tag_specifications, ["security-group"])?;
        let mut accesses = self.creating(caller, "CreateSecurityGroup", "security-group", &tags);
        if let Some(vpc) = &op.vpc_id {
            let arn = self.arn(caller.account_id(), "vpc", vpc);
            accesses = accesses.into_iter().map(|access| access.key("ec2:Vpc", arn.as_str())).collect();
            accesses.push(self.on_tagged(caller, "CreateSecurityGroup", vpc).await?);
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: CreateSecurityGroup,
        caller: &Caller,
    ) -> Result<CreateSecurityGroupResult, ApiError> {
        check_text("groupName", &op.group_name)?;
        check_text("groupDescription", &op.description)?;
        if op.group_name.starts_with("sg-") {
            return Err(Error::value("Group names may not begin with sg-").into());
        }
        if op.group_name.eq_ignore_ascii_case("default") {
            let message = "Cannot use reserved security group name: default";
            return Err(Error::refused(ErrorCode::InvalidParameterValue, message).into());
        }
        let [tags] = tags::specified(&op.tag_specifications, ["security-group"])?;
        let account = caller.account_id().to_owned();
        let default = self.default_vpc(&account).await?.id;
        let vpc: VpcId = op.vpc_id.as_deref().map(|text| id(Kind::Vpc, text)).transpose()?.unwrap_or(default);
        let group = SecurityGroup {
            id: SecurityGroupId::from_random(self.context.random.u128()),
            account_id: account,
            vpc,
            name: op.group_name,
            description: op.description,
            rules: everything_out(SecurityGroupRuleId::from_random(self.context.random.u128())),
            tags,
        };
        let made = self.store.transact(move |tx| create(tx, &group)).await?;
        Ok(CreateSecurityGroupResult {
            group_id: made.id.to_string(),
            tags: shown(&made.tags),
            security_group_arn: self.arn(&made.account_id, "security-group", made.id.as_str()),
        })
    }
}

fn create(tx: &mut Tx<'_>, group: &SecurityGroup) -> Result<SecurityGroup, Error> {
    networks::vpc(tx, &group.account_id, &group.vpc)?;
    if security_groups::by_name(tx, &group.vpc, &group.name)?.is_some() {
        let message = format!("The security group '{}' already exists for VPC '{}'", group.name, group.vpc);
        return Err(Error::refused(ErrorCode::InvalidGroupDuplicate, message));
    }
    if security_groups::of_account(tx, &group.account_id)?.len() >= MAX_GROUPS {
        let message = "The maximum number of security groups has been reached.";
        return Err(Error::refused(ErrorCode::SecurityGroupLimitExceeded, message));
    }
    security_groups::put(tx, group)?;
    Ok(group.clone())
}

impl Service {
    /// The group that a request names by id, or by name in the default VPC.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound`, `InvalidGroupId.Malformed`, `MissingParameter`.
    pub fn named_group(
        read: &impl Read,
        account: &str,
        group_id: Option<&str>,
        name: Option<&str>,
    ) -> Result<SecurityGroup, Error> {
        match (group_id, name) {
            (Some(text), _) => security_groups::owned(read, account, &id(Kind::SecurityGroup, text)?),
            (None, Some(name)) => {
                let vpc = networks::default_vpc(read, account)?;
                let found = match &vpc {
                    Some(vpc) => security_groups::by_name(read, &vpc.id, name)?,
                    None => None,
                };
                found.ok_or_else(|| Error::not_found(Kind::SecurityGroup, name))
            }
            (None, None) => Err(Error::missing("GroupId")),
        }
    }

    /// An access to the group that a request names.
    ///
    /// # Errors
    /// When the store fails.
    pub fn access_group(
        &self,
        caller: &Caller,
        action: &str,
        group_id: Option<&str>,
        name: Option<&str>,
    ) -> Result<Access, ApiError> {
        let read = self.read()?;
        let Ok(group) = Self::named_group(&read, caller.account_id(), group_id, name) else {
            return Ok(self.on(caller, action, "security-group", group_id.unwrap_or("*"), &[]));
        };
        let facts = self.group_facts(&group);
        Ok(self.on_known(caller, action, "security-group", group.id.as_str(), facts))
    }
}

impl Serve<DeleteSecurityGroup> for Service {
    async fn access(&self, op: &DeleteSecurityGroup, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let (id, name) = (op.group_id.as_deref(), op.group_name.as_deref());
        Ok(vec![self.access_group(caller, "DeleteSecurityGroup", id, name)?])
    }

    async fn handle(
        &self,
        op: DeleteSecurityGroup,
        caller: &Caller,
    ) -> Result<DeleteSecurityGroupResult, ApiError> {
        let account = caller.account_id().to_owned();
        let group_id = self.store.transact(move |tx| delete(tx, &account, &op)).await?;
        Ok(DeleteSecurityGroupResult { value: true, group_id: group_id.to_string() })
    }
}

fn delete(tx: &mut Tx<'_>, account: &str, op: &DeleteSecurityGroup) -> Result<SecurityGroupId, Error> {
    let group = Service::named_group(tx, account, op.group_id.as_deref(), op.group_name.as_deref())?;
    if group.is_default() {
        let message =
            format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id);
        return Err(Error::refused(ErrorCode::CannotDelete, message));
    }
    let mentioned = security_groups::of_account(tx, account)?
        .iter()
        .any(|other| other.id != group.id && other.mentions(&group.id));
    if mentioned || interfaces::group_is_used(tx, &group.id)? {
        let message = format!("resource {} has a dependent object", group.id);
        return Err(Error::refused(ErrorCode::DependencyViolation, message));
    }
    security_groups::delete(tx, &group.id)?;
    Ok(group.id)
}

impl Filtered for SecurityGroup {
    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "owner-id",
        "vpc-id",
    ];
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "description" => return one(&self.description),
            "group-id" => return one(&self.id),
            "group-name" => return one(&self.name),
            "owner-id" => return one(&self.account_id),
            "vpc-id" => return one(&self.vpc),
            _ => {}
        }
        let egress = filter.starts_with("egress.");
        let field = filter.rsplit('.').next().unwrap_or_default();
        let rules = self.rules.iter().filter(|rule| rule.allow.egress == egress);
        rules.filter_map(|rule| rule_value(rule, field)).collect()
    }
}

fn rule_value(rule: &Rule, field: &str) -> Option<String> {
    match (field, &rule.allow.peer) {
        ("cidr", Peer::Cidr(range)) => Some(range.to_string()),
        ("group-id", Peer::Group(group)) => Some(group.to_string()),
        ("protocol", _) => Some(protocol_name(rule.allow.protocol)),
        ("from-port", _) => Some(rule.allow.from.to_string()),
        ("to-port", _) => Some(rule.allow.to.to_string()),
        _ => None,
    }
}

/// Rules as IpPermissions: those of one protocol and range together.
pub fn permissions(rules: &[&Rule], account: &str) -> Vec<wire::IpPermission> {
    let mut merged: Vec<wire::IpPermission> = Vec::new();
    for rule in rules {
        let allow = &rule.allow;
        let protocol = protocol_name(allow.protocol);
        let ports = allow.protocol.is_some();
        let (from, to) = (ports.then_some(allow.from), ports.then_some(allow.to));
        let same = |one: &&mut wire::IpPermission| {
            one.ip_protocol == protocol && one.from_port == from && one.to_port == to
        };
        let at = match merged.iter_mut().find(same) {
            Some(at) => at,
            None => {
                merged.push(wire::IpPermission {
                    ip_protocol: protocol,
                    from_port: from,
                    to_port: to,
                    ..wire::IpPermission::default()
                });
                let Some(last) = merged.last_mut() else { continue };
                last
            }
        };
        let description = rule.description.clone();
        match &allow.peer {
            Peer::Cidr(range) => {
                at.ip_ranges.push(wire::IpRange { description, cidr_ip: range.to_string() });
            }
            Peer::Group(group) => at.user_id_group_pairs.push(wire::UserIdGroupPair {
                description,
                user_id: account.to_owned(),
                group_id: group.to_string(),
            }),
        }
    }
    merged
}

impl Serve<DescribeSecurityGroups> for Service {
    async fn access(&self, _: &DescribeSecurityGroups, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeSecurityGroups")])
    }

    async fn handle(
        &self,
        op: DescribeSecurityGroups,
        caller: &Caller,
    ) -> Result<DescribeSecurityGroupsResult, ApiError> {
        let account = caller.account_id();
        self.default_vpc(account).await?;
        let read = self.read()?;
        let all = security_groups::of_account(&read, account).map_err(Error::from)?;
        let mut named = by_id::<_, SecurityGroupId>(all, &op.group_ids, Kind::SecurityGroup, |group| {
            group.id.to_string()
        })?;
        if !op.group_names.is_empty() {
            for name in &op.group_names {
                Self::named_group(&read, account, None, Some(name))?;
            }
            named.retain(|group| op.group_names.contains(&group.name));
        }
        let chosen = select(named, &op.filters)?;
        let key = |group: &SecurityGroup| group.id.to_string();
        let (groups, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &op.group_ids)?;
        let describe = |group: &SecurityGroup| {
            let rules =
                |egress| group.rules.iter().filter(|rule| rule.allow.egress == egress).collect::<Vec<_>>();
            wire::SecurityGroup {
                group_id: group.id.to_string(),
                ip_permissions_egress: permissions(&rules(true), account),
                tags: shown(&group.tags),
                vpc_id: group.vpc.to_string(),
                security_group_arn: self.arn(account, "security-group", group.id.as_str()),
                owner_id: account.to_owned(),
                group_name: group.name.clone(),
                description: group.description.clone(),
                ip_permissions: permissions(&rules(false), account),
            }
        };
        Ok(DescribeSecurityGroupsResult {
            next_token,
            security_groups: groups.iter().map(describe).collect(),
        })
    }
}
