//! Network interfaces, found by account, by address and by security group.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use api_spec::ids::{NetworkInterfaceId, SecurityGroupId, SubnetId};
use store::{Index, IndexedTable, Read, Tx};

use super::nodes;
use crate::domain::instance::{Instance, Interface};
use crate::error::{Error, Kind};

store::json_value!(Interface, version = 1);

/// All network interfaces.
pub const INTERFACES: IndexedTable<NetworkInterfaceId, Interface> =
    IndexedTable::new("interfaces", &[&BY_ACCOUNT, &BY_ADDRESS, &BY_GROUP]);
const BY_ACCOUNT: Index<NetworkInterfaceId, Interface, String> =
    Index::new("interfaces_by_account", |_, one| vec![one.account_id.clone()]);
const BY_ADDRESS: Index<NetworkInterfaceId, Interface, (SubnetId, u32)> =
    Index::new("interfaces_by_address", |_, one| vec![(one.subnet.clone(), one.address.into())]);
const BY_GROUP: Index<NetworkInterfaceId, Interface, SecurityGroupId> =
    Index::new("interfaces_by_group", |_, one| one.groups.clone());

/// The interface of an instance.
pub fn of_instance(read: &impl Read, instance: &Instance) -> Result<Option<Interface>, store::Error> {
    match &instance.interface {
        Some(id) => read.get(&INTERFACES, id),
        None => Ok(None),
    }
}

/// An account's interfaces.
pub fn of_account(read: &impl Read, account_id: &str) -> Result<Vec<Interface>, store::Error> {
    Ok(BY_ACCOUNT.rows(read, &INTERFACES, &account_id.to_owned())?.into_iter().map(|(_, one)| one).collect())
}

/// The account's interface of this id.
///
/// # Errors
/// [`Error::NotFound`].
pub fn owned(read: &impl Read, account_id: &str, id: &NetworkInterfaceId) -> Result<Interface, Error> {
    read.get(&INTERFACES, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::NetworkInterface, id))
}

/// Private addresses of a group's members.
pub fn members(read: &impl Read, group: &SecurityGroupId) -> Result<Vec<Ipv4Addr>, store::Error> {
    Ok(BY_GROUP.rows(read, &INTERFACES, group)?.into_iter().map(|(_, one)| one.address).collect())
}

/// Whether any interface is in the group.
pub fn group_is_used(read: &impl Read, group: &SecurityGroupId) -> Result<bool, store::Error> {
    BY_GROUP.any(read, group)
}

/// Addresses of a subnet that are taken.
pub fn taken(read: &impl Read, subnet: &SubnetId) -> Result<BTreeSet<Ipv4Addr>, store::Error> {
    Ok(BY_ADDRESS.rows(read, &INTERFACES, subnet)?.into_iter().map(|(_, one)| one.address).collect())
}

/// Writes an interface. Its groups have members on all nodes, so all nodes are told.
pub fn put(tx: &mut Tx<'_>, interface: &Interface) -> Result<(), store::Error> {
    tx.put(&INTERFACES, &interface.id, interface)?;
    nodes::touch_all(tx)
}

/// Removes an interface.
pub fn delete(tx: &mut Tx<'_>, interface: &Interface) -> Result<(), store::Error> {
    tx.delete(&INTERFACES, &interface.id)?;
    nodes::touch_all(tx)
}
