//! Public addresses: elastic IPs, and those that interfaces have for the time of running.
//!
//! Whatever has an address of the pool has its row in `PUBLIC`; a row goes with its use, in the same transaction.

use std::net::Ipv4Addr;

use api_spec::ids::{AllocationId, AssociationId};
use ipnet::Ipv4Net;
use store::{Index, IndexedTable, Read, Table, Tx};

use super::interfaces;
use crate::domain::address::{Address, Association, PublicUse, next_free};
use crate::domain::instance::{Interface, PublicAddress};
use crate::error::{Error, Kind};

store::json_value!(Address, version = 1);
store::json_value!(PublicUse, version = 1);

/// Elastic IPs.
pub const ADDRESSES: IndexedTable<AllocationId, Address> =
    IndexedTable::new("addresses", &[&BY_ACCOUNT, &BY_ASSOCIATION, &BY_CREATOR]);
const BY_ACCOUNT: Index<AllocationId, Address, String> =
    Index::new("addresses_by_account", |_, one| vec![one.account_id.clone()]);
const BY_ASSOCIATION: Index<AllocationId, Address, AssociationId> =
    Index::new("addresses_by_association", |_, one| one.association.iter().map(|a| a.id.clone()).collect());
const BY_CREATOR: Index<AllocationId, Address, String> =
    Index::new("addresses_by_creator", |_, one| one.creator.iter().cloned().collect());
/// Public addresses in use.
const PUBLIC: Table<u32, PublicUse> = Table::new("public_addresses");
/// The address given out last.
const LAST: Table<(), u64> = Table::new("public_address_last");

/// An account's elastic IPs.
pub fn of_account(read: &impl Read, account_id: &str) -> Result<Vec<Address>, store::Error> {
    Ok(BY_ACCOUNT.rows(read, &ADDRESSES, &account_id.to_owned())?.into_iter().map(|(_, one)| one).collect())
}

/// How many elastic IPs somebody allocated and still has.
pub fn count_by(read: &impl Read, creator: &str) -> Result<usize, store::Error> {
    Ok(BY_CREATOR.keys(read, &creator.to_owned())?.len())
}

/// The account's elastic IP of this allocation.
///
/// # Errors
/// [`Error::NotFound`].
pub fn owned(read: &impl Read, account_id: &str, id: &AllocationId) -> Result<Address, Error> {
    read.get(&ADDRESSES, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::Allocation, id))
}

/// The account's elastic IP of this address.
///
/// # Errors
/// [`Error::NotFound`].
pub fn by_address(read: &impl Read, account_id: &str, address: Ipv4Addr) -> Result<Address, Error> {
    let missing = || Error::not_found(Kind::Address, address);
    match read.get(&PUBLIC, &address.into())? {
        Some(PublicUse::Elastic(id)) => owned(read, account_id, &id).map_err(|_| missing()),
        Some(PublicUse::Interface(_)) | None => Err(missing()),
    }
}

/// The account's elastic IP of this association.
///
/// # Errors
/// [`Error::NotFound`].
pub fn by_association(read: &impl Read, account_id: &str, id: &AssociationId) -> Result<Address, Error> {
    BY_ASSOCIATION
        .rows(read, &ADDRESSES, id)?
        .into_iter()
        .map(|(_, one)| one)
        .find(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::Association, id))
}

/// Takes the next free address of the pool; none when it is empty.
fn take(tx: &mut Tx<'_>, pool: Ipv4Net, used_by: &PublicUse) -> Result<Option<Ipv4Addr>, store::Error> {
    let taken: std::collections::BTreeSet<u32> =
        tx.scan(&PUBLIC, ..)?.into_iter().map(|(at, _)| at).collect();
    let last = tx.get(&LAST, &())?.and_then(|last| u32::try_from(last).ok());
    let Some(address) = next_free(pool, last, |at| taken.contains(&at)) else { return Ok(None) };
    tx.put(&PUBLIC, &address.into(), used_by)?;
    tx.put(&LAST, &(), &u64::from(u32::from(address)))?;
    Ok(Some(address))
}

/// Allocates an elastic IP.
pub fn allocate(tx: &mut Tx<'_>, pool: Ipv4Net, new: Address) -> Result<Option<Address>, store::Error> {
    let Some(address) = take(tx, pool, &PublicUse::Elastic(new.allocation_id.clone()))? else {
        return Ok(None);
    };
    let new = Address { address, ..new };
    tx.put(&ADDRESSES, &new.allocation_id, &new)?;
    Ok(Some(new))
}

/// Gives an elastic IP back.
pub fn release(tx: &mut Tx<'_>, address: &Address) -> Result<(), store::Error> {
    tx.delete(&ADDRESSES, &address.allocation_id)?;
    tx.delete(&PUBLIC, &address.address.into())?;
    Ok(())
}

/// Writes an elastic IP.
pub fn put(tx: &mut Tx<'_>, address: &Address) -> Result<(), store::Error> {
    tx.put(&ADDRESSES, &address.allocation_id, address)
}

/// Gives an interface a public address for the time of running, if it wants one and has none. An empty pool is no
/// error: the instance then runs without.
pub fn give_dynamic(
    tx: &mut Tx<'_>,
    pool: Ipv4Net,
    mut interface: Interface,
) -> Result<Interface, store::Error> {
    if !interface.auto_public || interface.public.is_some() {
        return Ok(interface);
    }
    if let Some(address) = take(tx, pool, &PublicUse::Interface(interface.id.clone()))? {
        interface.public = Some(PublicAddress { address, elastic: None });
        interfaces::put(tx, &interface)?;
    }
    Ok(interface)
}

/// Takes back the public address that an interface has for the time of running; elastic IPs stay.
pub fn give_back_dynamic(tx: &mut Tx<'_>, mut interface: Interface) -> Result<Interface, store::Error> {
    if let Some(PublicAddress { address, elastic: None }) = interface.public {
        tx.delete(&PUBLIC, &address.into())?;
        interface.public = None;
        interfaces::put(tx, &interface)?;
    }
    Ok(interface)
}

/// Maps an elastic IP to an interface in place of what the interface had.
pub fn associate(
    tx: &mut Tx<'_>,
    mut address: Address,
    interface: Interface,
    id: AssociationId,
) -> Result<(), store::Error> {
    let mut interface = detach(tx, interface)?;
    interface.public = Some(PublicAddress {
        address: address.address,
        elastic: Some((address.allocation_id.clone(), id.clone())),
    });
    address.association = Some(Association {
        id,
        interface: interface.id.clone(),
        instance: Some(interface.attachment.instance.clone()),
        private: interface.address,
    });
    put(tx, &address)?;
    interfaces::put(tx, &interface)
}

/// Takes whatever public address an interface has off it.
pub fn detach(tx: &mut Tx<'_>, mut interface: Interface) -> Result<Interface, store::Error> {
    match interface.public.take() {
        None => return Ok(interface),
        Some(PublicAddress { address, elastic: None }) => {
            tx.delete(&PUBLIC, &address.into())?;
        }
        Some(PublicAddress { elastic: Some((allocation, _)), .. }) => {
            if let Some(mut elastic) = tx.get(&ADDRESSES, &allocation)? {
                elastic.association = None;
                put(tx, &elastic)?;
            }
        }
    }
    interfaces::put(tx, &interface)?;
    Ok(interface)
}
