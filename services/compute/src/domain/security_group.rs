//! Security groups and their rules.

use api_spec::ErrorCode;
use api_spec::ids::{SecurityGroupId, SecurityGroupRuleId, VpcId};
use calls::Tag;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Rules that a group may have, each way.
const MAX_RULES: usize = 60;

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Owner.
    pub account_id: String,
    /// VPC.
    pub vpc: VpcId,
    /// Name, unique in the VPC.
    pub name: String,
    /// For people.
    pub description: String,
    /// What it allows.
    pub rules: Vec<Rule>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// One allowance with its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// What it allows.
    pub allow: Allow,
    /// For people.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// What a rule allows; a group has each only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allow {
    /// Out of the instances instead of into them.
    pub egress: bool,
    /// IP protocol number; none is every protocol.
    pub protocol: Option<u8>,
    /// First port or ICMP type; -1 is any.
    pub from: i32,
    /// Last port or ICMP code; -1 is any.
    pub to: i32,
    /// Who is on the other side.
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// An address range.
    Cidr(Ipv4Net),
    /// The members of a group of the same VPC.
    Group(SecurityGroupId),
}

/// A rule that is asked for or to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedRule {
    /// What it allows.
    pub allow: Allow,
    /// For people.
    pub description: Option<String>,
}

impl SecurityGroup {
    /// Whether this is the group that every VPC has.
    pub fn is_default(&self) -> bool {
        self.name == "default"
    }

    /// Adds rules, all or none. `ids` has one id for each.
    ///
    /// # Errors
    /// `InvalidPermission.Duplicate`, `RulesPerSecurityGroupLimitExceeded`.
    pub fn authorize(
        &mut self,
        wanted: Vec<WantedRule>,
        ids: &[SecurityGroupRuleId],
        tags: &[Tag],
    ) -> Result<Vec<Rule>, Error> {
        let mut added: Vec<Rule> = Vec::with_capacity(wanted.len());
        for (rule, id) in wanted.into_iter().zip(ids) {
            if self.rules.iter().chain(&added).any(|one| one.allow == rule.allow) {
                let message = format!("the specified rule \"{}\" already exists", describe(&rule.allow));
                return Err(Error::refused(ErrorCode::InvalidPermissionDuplicate, message));
            }
            let WantedRule { allow, description } = rule;
            added.push(Rule { id: id.clone(), allow, description, tags: tags.to_vec() });
        }
        self.rules.extend(added.iter().cloned());
        for egress in [false, true] {
            if self.rules.iter().filter(|rule| rule.allow.egress == egress).count() > MAX_RULES {
                let message = "The maximum number of rules per security group has been reached.";
                return Err(Error::refused(ErrorCode::RulesPerSecurityGroupLimitExceeded, message));
            }
        }
        Ok(added)
    }

    /// Removes rules, all or none.
    ///
    /// # Errors
    /// `InvalidPermission.NotFound`.
    pub fn revoke(&mut self, unwanted: &[WantedRule]) -> Result<Vec<Rule>, Error> {
        let mut removed = Vec::with_capacity(unwanted.len());
        for rule in unwanted {
            let at = self.rules.iter().position(|one| one.allow == rule.allow).ok_or_else(|| {
                let message = "The specified rule does not exist in this security group.";
                Error::refused(ErrorCode::InvalidPermissionNotFound, message)
            })?;
            removed.push(self.rules.remove(at));
        }
        Ok(removed)
    }

    /// Whether any rule names the group.
    pub fn mentions(&self, group: &SecurityGroupId) -> bool {
        self.rules.iter().any(|rule| rule.allow.peer == Peer::Group(group.clone()))
    }
}

/// The rules of a new default group: everything among its members, and everything out.
pub fn default_rules(group: &SecurityGroupId, ids: [SecurityGroupRuleId; 2]) -> Vec<Rule> {
    let [ingress, egress] = ids;
    let allow = Allow { egress: false, protocol: None, from: -1, to: -1, peer: Peer::Group(group.clone()) };
    let rule = Rule { id: ingress, allow, description: None, tags: Vec::new() };
    [vec![rule], everything_out(egress)].concat()
}

/// The rules of a new group: everything out.
pub fn everything_out(id: SecurityGroupRuleId) -> Vec<Rule> {
    let peer = Peer::Cidr(Ipv4Net::default());
    let allow = Allow { egress: true, protocol: None, from: -1, to: -1, peer };
    vec![Rule { id, allow, description: None, tags: Vec::new() }]
}

/// Protocol as the API writes it.
pub fn protocol_name(protocol: Option<u8>) -> String {
    match protocol {
        None => "-1".into(),
        Some(1) => "icmp".into(),
        Some(6) => "tcp".into(),
        Some(17) => "udp".into(),
        Some(58) => "icmpv6".into(),
        Some(other) => other.to_string(),
    }
}

/// A rule in the words of AWS's error messages.
fn describe(allow: &Allow) -> String {
    let peer = match &allow.peer {
        Peer::Cidr(range) => range.to_string(),
        Peer::Group(group) => group.to_string(),
    };
    let protocol = match allow.protocol {
        None => "ALL".into(),
        known => protocol_name(known).to_uppercase(),
    };
    match (allow.protocol, allow.from) {
        (_, -1) => format!("peer: {peer}, {protocol}, ALLOW"),
        (Some(1), from) => format!("peer: {peer}, {protocol}, type: {from}, code: {}, ALLOW", allow.to),
        (_, from) => format!("peer: {peer}, {protocol}, from port: {from}, to port: {}, ALLOW", allow.to),
    }
}

/// The rule as a node takes it.
pub fn for_node(allow: &Allow) -> calls::node::Rule {
    let any = |n: i32| u8::try_from(n).ok();
    let port = |n: i32| u16::try_from(n).ok();
    calls::node::Rule {
        protocol: allow.protocol,
        ports: match allow.protocol {
            Some(6 | 17) => port(allow.from).zip(port(allow.to)),
            _ => None,
        },
        icmp: (allow.protocol == Some(1) && allow.from != -1).then(|| (any(allow.from), any(allow.to))),
        peer: match &allow.peer {
            Peer::Cidr(range) => calls::node::RulePeer::Cidr(*range),
            Peer::Group(group) => calls::node::RulePeer::Group(group.clone()),
        },
    }
}
