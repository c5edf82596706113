//! Key pairs, by account and name.

use api_spec::ids::KeyPairId;
use store::{Index, IndexedTable, Read};

use crate::domain::key_pair::KeyPair;
use crate::error::{Error, Kind};

store::json_value!(KeyPair, version = 1);

/// All key pairs.
pub const KEY_PAIRS: IndexedTable<(String, String), KeyPair> = IndexedTable::new("key_pairs", &[&BY_ID]);
const BY_ID: Index<(String, String), KeyPair, KeyPairId> =
    Index::new("key_pairs_by_id", |_, one| vec![one.id.clone()]);

/// An account's key pairs, by name.
pub fn of_account(read: &impl Read, account_id: &str) -> Result<Vec<KeyPair>, store::Error> {
    Ok(read.scan_prefix(&KEY_PAIRS, &account_id.to_owned())?.into_iter().map(|(_, one)| one).collect())
}

/// The account's key pair of this name.
///
/// # Errors
/// [`Error::NotFound`].
pub fn by_name(read: &impl Read, account_id: &str, name: &str) -> Result<KeyPair, Error> {
    read.get(&KEY_PAIRS, &(account_id.to_owned(), name.to_owned()))?
        .ok_or_else(|| Error::not_found(Kind::KeyPair, name))
}

/// The account's key pair of this id.
pub fn by_id(read: &impl Read, account_id: &str, id: &KeyPairId) -> Result<Option<KeyPair>, store::Error> {
    let found = BY_ID.rows(read, &KEY_PAIRS, id)?;
    Ok(found.into_iter().map(|(_, one)| one).find(|one| one.account_id == account_id))
}
