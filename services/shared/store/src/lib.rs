//! Typed tables with serializable transactions over an ordered key-value engine.
//!
//! A service declares its tables as constants, changes them in [`Store::transact`] and reads them in a transaction
//! or in a [`Store::snapshot`]:
//!
//! ```
//! use store::{Error, Read, Store, Table};
//!
//! const VISITS: Table<String, u64> = Table::new("visits");
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let store = Store::in_memory()?;
//! let visits = store
//!     .transact(|tx| {
//!         let name = "alice".to_string();
//!         let visits = tx.get(&VISITS, &name)?.unwrap_or(0) + 1;
//!         tx.put(&VISITS, &name, &visits)?;
//!         Ok::<_, Error>(visits)
//!     })
//!     .await?;
//! assert_eq!((visits, store.snapshot()?.count(&VISITS)?), (1, 1));
//! # Ok::<_, Error>(()) }).unwrap();
//! ```
//!
//! Invariants:
//! - **Acknowledged is durable**: `transact` returns only after the engine has synced the commit to its medium.
//! - **All or nothing, one after the other**: transactions behave as if they had run alone, in some order.
//! - **Honest after a failure**: once a commit has failed the store takes no more writes until it is opened again,
//!   because nobody knows what the medium holds.
//! - A table belongs to one service; its name, its key's encoding and its value's format version are the stored
//!   contract.

mod changes;
mod commit;
pub mod engine;
mod error;
mod ids;
mod index;
mod key;
mod prefix;
mod read;
mod snapshot;
mod store;
mod table;
mod tx;
mod value;

pub use error::Error;
pub use index::{Index, IndexedTable, Maintain};
pub use key::{Key, decode_key, decode_text_key, encode_key, encode_text_key, text_of_key};
pub use prefix::{All, Prefix, StartsWith};
pub use read::{Page, RawRead, Read};
pub use snapshot::{Scan, Snapshot};
pub use store::Store;
pub use table::{Rows, Table};
pub use tx::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Tx};
pub use value::{Value, decode_json, decode_packed, encode_json, encode_packed, unknown_version, version_of};
