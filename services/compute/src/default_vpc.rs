//! The default VPC of an account: made when something first needs it, in one transaction, and only once.

use api_spec::ids::{DhcpOptionsId, SecurityGroupId, SecurityGroupRuleId, SubnetId, VpcId};
use store::Tx;

use crate::domain::network::{Subnet, Vpc, default_subnets};
use crate::domain::security_group::{SecurityGroup, default_rules};
use crate::error::Error;
use crate::service::Service;
use crate::store::{networks, security_groups};

impl Service {
    /// The account's default VPC.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn default_vpc(&self, account_id: &str) -> Result<Vpc, Error> {
        if let Some(vpc) = networks::default_vpc(&self.read()?, account_id)?
            && self.has_subnet_in_every_zone(account_id)?
        {
            return Ok(vpc);
        }
        let random = || self.context.random.u128();
        let vpc = Vpc {
            id: VpcId::from_random(random()),
            account_id: account_id.to_owned(),
            cidr: self.config.default_vpc_cidr,
            is_default: true,
            dhcp_options: DhcpOptionsId::from_random(random()),
            tags: Vec::new(),
        };
        let group = SecurityGroupId::from_random(random());
        let rules = [0, 1].map(|_| SecurityGroupRuleId::from_random(random()));
        let group = SecurityGroup {
            account_id: account_id.to_owned(),
            vpc: vpc.id.clone(),
            name: "default".into(),
            description: "default VPC security group".into(),
            rules: default_rules(&group, rules),
            id: group,
            tags: Vec::new(),
        };
        let zones: Vec<(String, SubnetId)> =
            self.zones().into_iter().map(|zone| (zone, SubnetId::from_random(random()))).collect();
        self.store.transact(move |tx| make(tx, vpc.clone(), group.clone(), &zones)).await
    }

    fn has_subnet_in_every_zone(&self, account_id: &str) -> Result<bool, Error> {
        let subnets = networks::subnets_of_account(&self.read()?, account_id)?;
        Ok(self.zones().iter().all(|zone| subnets.iter().any(|one| one.is_default && one.zone == *zone)))
    }
}

/// Makes what is missing: the VPC with its group, and a subnet for each zone that has none (zones can be added later).
fn make(tx: &mut Tx<'_>, new: Vpc, group: SecurityGroup, zones: &[(String, SubnetId)]) -> Result<Vpc, Error> {
    let vpc = match networks::default_vpc(tx, &new.account_id)? {
        Some(vpc) => vpc,
        None => {
            tx.put(&networks::VPCS, &new.id, &new)?;
            security_groups::put(tx, &group)?;
            new
        }
    };
    let there = networks::subnets_of_account(tx, &vpc.account_id)?;
    let free = default_subnets(vpc.cidr, &vec![String::new(); 16])
        .into_iter()
        .map(|(_, cidr)| cidr)
        .filter(|cidr| there.iter().all(|one| one.vpc != vpc.id || one.cidr != *cidr));
    let missing =
        zones.iter().filter(|(zone, _)| !there.iter().any(|one| one.is_default && one.zone == *zone));
    for ((zone, id), cidr) in missing.zip(free) {
        let subnet = Subnet {
            id: id.clone(),
            account_id: vpc.account_id.clone(),
            vpc: vpc.id.clone(),
            cidr,
            zone: zone.clone(),
            is_default: true,
            map_public: true,
            tags: Vec::new(),
        };
        tx.put(&networks::SUBNETS, id, &subnet)?;
    }
    Ok(vpc)
}
