//! Security groups, by id, by VPC and name, and by the rules they have.

use api_spec::ids::{SecurityGroupId, SecurityGroupRuleId, VpcId};
use store::{Index, IndexedTable, Read, Tx};

use super::nodes;
use crate::domain::security_group::SecurityGroup;
use crate::error::{Error, Kind};

store::json_value!(SecurityGroup, version = 1);

/// All security groups.
pub const GROUPS: IndexedTable<SecurityGroupId, SecurityGroup> =
    IndexedTable::new("security_groups", &[&BY_ACCOUNT, &BY_NAME, &BY_RULE]);
const BY_ACCOUNT: Index<SecurityGroupId, SecurityGroup, String> =
    Index::new("security_groups_by_account", |_, one| vec![one.account_id.clone()]);
const BY_NAME: Index<SecurityGroupId, SecurityGroup, (VpcId, String)> =
    Index::new("security_groups_by_name", |_, one| vec![(one.vpc.clone(), one.name.clone())]);
const BY_RULE: Index<SecurityGroupId, SecurityGroup, SecurityGroupRuleId> =
    Index::new("security_groups_by_rule", |_, one| one.rules.iter().map(|rule| rule.id.clone()).collect());

/// An account's groups.
pub fn of_account(read: &impl Read, account_id: &str) -> Result<Vec<SecurityGroup>, store::Error> {
    Ok(BY_ACCOUNT.rows(read, &GROUPS, &account_id.to_owned())?.into_iter().map(|(_, one)| one).collect())
}

/// The account's group of this id.
///
/// # Errors
/// [`Error::NotFound`].
pub fn owned(read: &impl Read, account_id: &str, id: &SecurityGroupId) -> Result<SecurityGroup, Error> {
    read.get(&GROUPS, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::SecurityGroup, id))
}

/// The VPC's group of this name.
pub fn by_name(read: &impl Read, vpc: &VpcId, name: &str) -> Result<Option<SecurityGroup>, store::Error> {
    let found = BY_NAME.rows(read, &GROUPS, &(vpc.clone(), name.to_owned()))?;
    Ok(found.into_iter().map(|(_, one)| one).next())
}

/// The account's group that has this rule.
pub fn by_rule(
    read: &impl Read,
    account_id: &str,
    rule: &SecurityGroupRuleId,
) -> Result<Option<SecurityGroup>, store::Error> {
    let found = BY_RULE.rows(read, &GROUPS, rule)?;
    Ok(found.into_iter().map(|(_, one)| one).find(|one| one.account_id == account_id))
}

/// Writes a group whose rules or members may have changed: nodes are told.
pub fn put(tx: &mut Tx<'_>, group: &SecurityGroup) -> Result<(), store::Error> {
    tx.put(&GROUPS, &group.id, group)?;
    nodes::touch_all(tx)
}

/// Removes a group.
pub fn delete(tx: &mut Tx<'_>, id: &SecurityGroupId) -> Result<(), store::Error> {
    tx.delete(&GROUPS, id)?;
    nodes::touch_all(tx)
}
