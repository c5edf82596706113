//! VPCs and subnets.

use api_spec::ids::{SubnetId, VpcId};
use store::{Index, IndexedTable, Read};

use crate::domain::network::{Subnet, Vpc};
use crate::error::{Error, Kind};

store::json_value!(Vpc, version = 1);
store::json_value!(Subnet, version = 1);

/// All VPCs.
pub const VPCS: IndexedTable<VpcId, Vpc> = IndexedTable::new("vpcs", &[&VPCS_BY_ACCOUNT]);
const VPCS_BY_ACCOUNT: Index<VpcId, Vpc, String> =
    Index::new("vpcs_by_account", |_, one| vec![one.account_id.clone()]);
/// All subnets.
pub const SUBNETS: IndexedTable<SubnetId, Subnet> = IndexedTable::new("subnets", &[&SUBNETS_BY_ACCOUNT]);
const SUBNETS_BY_ACCOUNT: Index<SubnetId, Subnet, String> =
    Index::new("subnets_by_account", |_, one| vec![one.account_id.clone()]);

/// An account's VPCs.
pub fn vpcs_of_account(read: &impl Read, account_id: &str) -> Result<Vec<Vpc>, store::Error> {
    Ok(VPCS_BY_ACCOUNT.rows(read, &VPCS, &account_id.to_owned())?.into_iter().map(|(_, one)| one).collect())
}

/// An account's subnets.
pub fn subnets_of_account(read: &impl Read, account_id: &str) -> Result<Vec<Subnet>, store::Error> {
    let found = SUBNETS_BY_ACCOUNT.rows(read, &SUBNETS, &account_id.to_owned())?;
    Ok(found.into_iter().map(|(_, one)| one).collect())
}

/// The account's default VPC, if it has been made.
pub fn default_vpc(read: &impl Read, account_id: &str) -> Result<Option<Vpc>, store::Error> {
    Ok(vpcs_of_account(read, account_id)?.into_iter().find(|vpc| vpc.is_default))
}

/// The account's VPC of this id.
///
/// # Errors
/// [`Error::NotFound`].
pub fn vpc(read: &impl Read, account_id: &str, id: &VpcId) -> Result<Vpc, Error> {
    read.get(&VPCS, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::Vpc, id))
}

/// The account's subnet of this id.
///
/// # Errors
/// [`Error::NotFound`].
pub fn subnet(read: &impl Read, account_id: &str, id: &SubnetId) -> Result<Subnet, Error> {
    read.get(&SUBNETS, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::Subnet, id))
}
