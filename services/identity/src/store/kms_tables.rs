//! KMS's tables.

use ::store::{Index, IndexedTable, Table, json_value};

use super::tables::InAccount;
use crate::domain::kms_key::{KmsAlias, KmsKey, ServiceKey};

/// By id: a ciphertext names its key by that alone.
pub const KMS_KEYS: IndexedTable<String, KmsKey> = IndexedTable::new("kms_keys", &[&KMS_KEYS_BY_ACCOUNT]);
/// By account and id.
pub const KMS_KEYS_BY_ACCOUNT: Index<String, KmsKey, String> =
    Index::new("kms_keys_by_account", |_, key| vec![key.account.clone()]);

/// By account and name.
pub const KMS_ALIASES: IndexedTable<InAccount, KmsAlias> =
    IndexedTable::new("kms_aliases", &[&KMS_ALIASES_BY_KEY]);
/// By id of the key.
pub const KMS_ALIASES_BY_KEY: Index<InAccount, KmsAlias, String> =
    Index::new("kms_aliases_by_key", |_, alias| vec![alias.key_id.clone()]);

/// By id.
pub const KMS_SERVICE_KEYS: Table<String, ServiceKey> = Table::new("kms_service_keys");

json_value!(KmsKey, version = 1);
json_value!(KmsAlias, version = 1);
json_value!(ServiceKey, version = 1);
