//! Elastic IP addresses.

use std::net::Ipv4Addr;

use api_spec::ec2::addresses::{
    self as wire, AllocateAddress, AllocateAddressResult, AssociateAddress, AssociateAddressResult,
    DescribeAddresses, DescribeAddressesResult, DisassociateAddress, ReleaseAddress,
};
use api_spec::ids::{AllocationId, AssociationId, InstanceId};
use api_spec::{ApiError, ErrorCode};
use auth::policy::Quota;
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};
use store::{Read, Tx};

use super::filter::{Filtered, by_id, by_name, maybe, one, select};
use super::shown;
use crate::domain::address::Address;
use crate::domain::instance::Interface;
use crate::domain::life::State;
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::facts;
use crate::service::Service;
use crate::store::instances::INSTANCES;
use crate::store::interfaces::INTERFACES;
use crate::store::{addresses, instances, interfaces};

impl Serve<AllocateAddress> for Service {
    async fn access(&self, op: &AllocateAddress, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let [tags] = tags::specified(&op.tag_specifications, ["elastic-ip"])?;
        Ok(self.creating(caller, "AllocateAddress", "elastic-ip", &tags))
    }

    async fn handle(&self, op: AllocateAddress, caller: &Caller) -> Result<AllocateAddressResult, ApiError> {
        check_allocation(&op, self.region())?;
        let [tags] = tags::specified(&op.tag_specifications, ["elastic-ip"])?;
        let new = Address {
            allocation_id: AllocationId::from_random(self.context.random.u128()),
            account_id: caller.account_id().to_owned(),
            address: Ipv4Addr::UNSPECIFIED,
            association: None,
            tags,
            creator: caller.creator().map(str::to_owned),
        };
        let (pool, limit) = (self.pool(), self.config.address_limit);
        let quotas = self.quotas(caller, "AllocateAddress", "elastic-ip").await?;
        let made = self.store.transact(move |tx| allocate(tx, pool, limit, &quotas, &new)).await?;
        Ok(AllocateAddressResult {
            allocation_id: made.allocation_id.to_string(),
            public_ipv4_pool: "amazon".into(),
            network_border_group: self.region().to_owned(),
            domain: "vpc".into(),
            public_ip: made.address.to_string(),
        })
    }
}

fn check_allocation(op: &AllocateAddress, region: &str) -> Result<(), Error> {
    match op.domain.as_deref() {
        None | Some("vpc") => {}
        Some("standard") => {
            return Err(Error::unsupported("EC2-Classic addresses are not supported; use the domain vpc"));
        }
        Some(other) => return Err(Error::value(format!("Value ({other}) for parameter domain is invalid."))),
    }
    if op.address.is_some() {
        return Err(Error::unsupported("Allocating a particular address is not supported"));
    }
    if let Some(pool) = op.public_ipv4_pool.as_deref().filter(|pool| *pool != "amazon") {
        return Err(Error::value(format!("The pool {pool} does not exist")));
    }
    check_border_group(op.network_border_group.as_deref(), region)
}

fn check_border_group(given: Option<&str>, region: &str) -> Result<(), Error> {
    match given {
        Some(other) if other != region => {
            Err(Error::value(format!("Value ({other}) for parameter networkBorderGroup is invalid.")))
        }
        _ => Ok(()),
    }
}

fn allocate(
    tx: &mut Tx<'_>,
    pool: ipnet::Ipv4Net,
    limit: u32,
    quotas: &Quotas,
    new: &Address,
) -> Result<Address, Error> {
    let count = addresses::of_account(tx, &new.account_id)?.len();
    let own = new.creator.as_deref().map(|creator| addresses::count_by(tx, creator)).transpose()?;
    quotas.check_one_more(Quota::Addresses, count, own)?;
    if count >= usize::try_from(limit).unwrap_or(usize::MAX) {
        let message = "The maximum number of addresses has been reached.";
        return Err(Error::refused(ErrorCode::AddressLimitExceeded, message));
    }
    addresses::allocate(tx, pool, new.clone())?.ok_or_else(|| {
        let message = "There are no free public addresses left in this cloud.";
        Error::refused(ErrorCode::InsufficientAddressCapacity, message)
    })
}

fn public(text: &str) -> Result<Ipv4Addr, Error> {
    text.parse().map_err(|_| Error::Malformed { kind: Kind::Address, expected: None, id: text.to_owned() })
}

impl Service {
    /// The elastic IP that a request names by allocation or address.
    fn named_address(
        read: &impl Read,
        account: &str,
        allocation: Option<&str>,
        address: Option<&str>,
    ) -> Result<Address, Error> {
        match (allocation, address) {
            (Some(_), Some(_)) => Err(Error::combination(
                "You may specify public IP or allocation id, but not both in the same call",
            )),
            (Some(text), None) => addresses::owned(read, account, &id(Kind::Allocation, text)?),
            (None, Some(text)) => addresses::by_address(read, account, public(text)?),
            (None, None) => Err(Error::missing("AllocationId")),
        }
    }

    fn access_address(
        &self,
        caller: &Caller,
        action: &str,
        allocation: Option<&str>,
        address: Option<&str>,
    ) -> Result<Access, ApiError> {
        let found = Self::named_address(&self.read()?, caller.account_id(), allocation, address).ok();
        let id = found.as_ref().map_or(allocation.unwrap_or("*"), |one| one.allocation_id.as_str());
        let facts = found.as_ref().map(facts::address).unwrap_or_default();
        Ok(self.on_known(caller, action, "elastic-ip", id, facts))
    }
}

impl Serve<ReleaseAddress> for Service {
    async fn access(&self, op: &ReleaseAddress, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let (allocation, address) = (op.allocation_id.as_deref(), op.public_ip.as_deref());
        Ok(vec![self.access_address(caller, "ReleaseAddress", allocation, address)?])
    }

    async fn handle(&self, op: ReleaseAddress, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        check_border_group(op.network_border_group.as_deref(), self.region())?;
        let account = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let (allocation, address) = (op.allocation_id.as_deref(), op.public_ip.as_deref());
                let found = Service::named_address(tx, &account, allocation, address)?;
                if found.association.is_some() {
                    let message = format!("Address {} is in use.", found.address);
                    return Err(Error::refused(ErrorCode::InvalidAddressInUse, message));
                }
                Ok(addresses::release(tx, &found)?)
            })
            .await?;
        Ok(api_spec::Return::TRUE)
    }
}

/// The interface that a request names, and that can have an address.
fn target(tx: &Tx<'_>, account: &str, op: &AssociateAddress) -> Result<Interface, Error> {
    let interface = match (&op.instance_id, &op.network_interface_id) {
        (Some(_), Some(_)) => {
            return Err(Error::combination(
                "You may specify instance id or network interface id, but not both",
            ));
        }
        (Some(text), None) => {
            let instance = instances::owned(tx, account, &id(Kind::Instance, text)?)?;
            if matches!(instance.life.state, State::ShuttingDown | State::Terminated) {
                let message = format!("The instance '{text}' is not in a valid state for this operation.");
                return Err(Error::refused(ErrorCode::IncorrectInstanceState, message));
            }
            interfaces::of_instance(tx, &instance)?.ok_or_else(|| Error::not_found(Kind::Instance, text))?
        }
        (None, Some(text)) => interfaces::owned(tx, account, &id(Kind::NetworkInterface, text)?)?,
        (None, None) => return Err(Error::missing("InstanceId")),
    };
    if let Some(private) = op.private_ip_address.as_deref().filter(|p| *p != interface.address.to_string()) {
        return Err(Error::value(format!("The private IP address {private} is not one of {}", interface.id)));
    }
    Ok(interface)
}

fn associate(
    tx: &mut Tx<'_>,
    pool: ipnet::Ipv4Net,
    account: &str,
    op: &AssociateAddress,
    new: &AssociationId,
) -> Result<AssociationId, Error> {
    let address = Service::named_address(tx, account, op.allocation_id.as_deref(), op.public_ip.as_deref())?;
    let interface = target(tx, account, op)?;
    if let Some(association) = &address.association {
        if association.interface == interface.id {
            return Ok(association.id.clone());
        }
        // by allocation, moving an address has to be allowed; by address it always was
        if op.allocation_id.is_some() && op.allow_reassociation != Some(true) {
            let message = format!(
                "resource {} is already associated with associate-id {}",
                address.allocation_id, association.id
            );
            return Err(Error::refused(ErrorCode::ResourceAlreadyAssociated, message));
        }
        disassociate(tx, pool, &address)?;
    }
    let address = addresses::owned(tx, account, &address.allocation_id)?;
    addresses::associate(tx, address, interface, new.clone())?;
    Ok(new.clone())
}

/// Takes an elastic IP off its interface; a running instance gets an address of the pool instead, as at its start.
fn disassociate(tx: &mut Tx<'_>, pool: ipnet::Ipv4Net, address: &Address) -> Result<(), Error> {
    let Some(association) = &address.association else { return Ok(()) };
    let Some(interface) = tx.get(&INTERFACES, &association.interface)? else { return Ok(()) };
    let interface = addresses::detach(tx, interface)?;
    let instance = tx.get(&INSTANCES, &interface.attachment.instance)?;
    if instance.is_some_and(|one| matches!(one.life.state, State::Pending | State::Running)) {
        addresses::give_dynamic(tx, pool, interface)?;
    }
    Ok(())
}

impl Serve<AssociateAddress> for Service {
    async fn access(&self, op: &AssociateAddress, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let (allocation, address) = (op.allocation_id.as_deref(), op.public_ip.as_deref());
        let mut accesses = vec![self.access_address(caller, "AssociateAddress", allocation, address)?];
        if let Some(id) = &op.instance_id {
            accesses.push(self.on_instance(caller, "AssociateAddress", id)?);
        }
        if let Some(id) = &op.network_interface_id {
            accesses.push(self.on_tagged(caller, "AssociateAddress", id).await?);
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: AssociateAddress,
        caller: &Caller,
    ) -> Result<AssociateAddressResult, ApiError> {
        let new = AssociationId::from_random(self.context.random.u128());
        let (account, pool) = (caller.account_id().to_owned(), self.pool());
        let id = self.store.transact(move |tx| associate(tx, pool, &account, &op, &new)).await?;
        Ok(AssociateAddressResult { association_id: id.to_string() })
    }
}

fn associated(read: &impl Read, account: &str, op: &DisassociateAddress) -> Result<Address, Error> {
    match (&op.association_id, &op.public_ip) {
        (Some(text), None) => addresses::by_association(read, account, &id(Kind::Association, text)?),
        (None, Some(text)) => addresses::by_address(read, account, public(text)?),
        (Some(_), Some(_)) => {
            Err(Error::combination("You may specify public IP or association id, but not both"))
        }
        (None, None) => Err(Error::missing("AssociationId")),
    }
}

impl Serve<DisassociateAddress> for Service {
    async fn access(&self, op: &DisassociateAddress, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let found = associated(&self.read()?, caller.account_id(), op).ok();
        let id = found.as_ref().map_or("*", |one| one.allocation_id.as_str());
        let facts = found.as_ref().map(facts::address).unwrap_or_default();
        Ok(vec![self.on_known(caller, "DisassociateAddress", "elastic-ip", id, facts)])
    }

    async fn handle(&self, op: DisassociateAddress, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        let (account, pool) = (caller.account_id().to_owned(), self.pool());
        self.store
            .transact(move |tx| {
                let address = associated(tx, &account, &op)?;
                disassociate(tx, pool, &address)
            })
            .await?;
        Ok(api_spec::Return::TRUE)
    }
}

impl Filtered for Address {
    const FILTERS: &'static [&'static str] = &[
        "allocation-id",
        "association-id",
        "domain",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
    ];
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        let association = self.association.as_ref();
        match filter {
            "allocation-id" => one(&self.allocation_id),
            "association-id" => maybe(association.map(|a| &a.id)),
            "domain" => one("vpc"),
            "instance-id" => {
                maybe(association.and_then(|a: &crate::domain::address::Association| a.instance.as_ref()))
            }
            "network-interface-id" => maybe(association.map(|a| &a.interface)),
            "network-interface-owner-id" => maybe(association.map(|_| &self.account_id)),
            "private-ip-address" => maybe(association.map(|a| a.private)),
            "public-ip" => one(self.address),
            _ => Vec::new(),
        }
    }
}

impl Serve<DescribeAddresses> for Service {
    async fn access(&self, _: &DescribeAddresses, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeAddresses")])
    }

    async fn handle(
        &self,
        op: DescribeAddresses,
        caller: &Caller,
    ) -> Result<DescribeAddressesResult, ApiError> {
        for text in &op.public_ips {
            public(text)?;
        }
        let all = addresses::of_account(&self.read()?, caller.account_id()).map_err(Error::from)?;
        let named = by_id::<_, AllocationId>(all, &op.allocation_ids, Kind::Allocation, |a| {
            a.allocation_id.to_string()
        })?;
        let named = by_name(named, &op.public_ips, Kind::Address, |a| a.address.to_string())?;
        let region = self.region();
        let shown_one = |address: Address| wire::Address {
            allocation_id: address.allocation_id.to_string(),
            association_id: address.association.as_ref().map(|a| a.id.to_string()),
            domain: "vpc".into(),
            network_interface_id: address.association.as_ref().map(|a| a.interface.to_string()),
            network_interface_owner_id: address.association.as_ref().map(|_| address.account_id.clone()),
            private_ip_address: address.association.as_ref().map(|a| a.private.to_string()),
            tags: shown(&address.tags),
            public_ipv4_pool: "amazon".into(),
            network_border_group: region.to_owned(),
            instance_id: address
                .association
                .as_ref()
                .and_then(|a| a.instance.as_ref())
                .map(InstanceId::to_string),
            public_ip: address.address.to_string(),
        };
        Ok(DescribeAddressesResult {
            addresses: select(named, &op.filters)?.into_iter().map(shown_one).collect(),
        })
    }
}
