//! References to content: making them, sharing them, giving them up. Every function runs in the transaction that
//! changes who refers.

use std::sync::Arc;

use bytes::Bytes;
use store::{Error, Read, Tx};

use super::{FILES, INLINE, MANIFESTS, SMALL};
use crate::data::files::Writing;
use crate::data::stored::{rotten, small_sum};
use crate::domain::id::DataId;
use crate::domain::object::{Data, FileRow, Manifest};

/// Content that is durable (or small) and not yet referred to.
#[derive(Clone)]
pub enum NewData {
    /// None.
    Nothing,
    /// Small: becomes durable with the transaction.
    Small(DataId, Arc<Vec<u8>>),
    /// A whole file and its size. Held until the transaction has ended, however it ends.
    File(Arc<Writing>, u64),
}

/// Small content as it is stored: its checksum, then the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallContent {
    sum: u64,
    bytes: Vec<u8>,
}

impl SmallContent {
    /// Content of this name.
    pub fn new(id: DataId, bytes: &[u8]) -> Self {
        SmallContent { sum: small_sum(id, bytes), bytes: bytes.to_vec() }
    }

    /// Its bytes, provided that it is what was stored under this name.
    pub fn checked(&self, id: DataId) -> Result<&[u8], Error> {
        check(id, self.sum, &self.bytes).map(|()| self.bytes.as_slice())
    }
}

/// Content out of its row, provided that it is what was stored.
fn verified(id: DataId, row: Vec<u8>) -> Result<Bytes, Error> {
    let row = Bytes::from(row);
    let Some((sum, bytes)) = row.split_first_chunk() else {
        return Err(Error::Engine("small content without its checksum".into()));
    };
    check(id, u64::from_le_bytes(*sum), bytes)?;
    Ok(row.slice(sum.len()..))
}

fn check(id: DataId, sum: u64, bytes: &[u8]) -> Result<(), Error> {
    match small_sum(id, bytes) == sum {
        true => Ok(()),
        false => Err(Error::Engine(rotten(id, "it is not what was written").to_string())),
    }
}

impl store::Value for SmallContent {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok([&self.sum.to_le_bytes(), self.bytes.as_slice()].concat())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match bytes.split_first_chunk() {
            Some((sum, bytes)) => Ok(SmallContent { sum: u64::from_le_bytes(*sum), bytes: bytes.to_vec() }),
            None => Err(Error::Engine("small content without its checksum".into())),
        }
    }
}

/// Small content, verified; none when it is gone.
pub fn small(read: &impl Read, id: DataId) -> Result<Option<Bytes>, Error> {
    // not decoded: that would copy it
    match read.raw_get(SMALL.name(), &store::encode_key(&id))? {
        Some(row) => verified(id, row).map(Some),
        None => Ok(read.get(&INLINE, &id)?.map(Bytes::from)),
    }
}

impl NewData {
    /// Refers to it for the first time.
    pub fn publish(&self, tx: &mut Tx<'_>) -> Result<Data, Error> {
        match self {
            NewData::Nothing => Ok(Data::Nothing),
            NewData::Small(id, bytes) => {
                tx.put(&SMALL, id, &SmallContent::new(*id, bytes))?;
                Ok(Data::Inline(*id))
            }
            NewData::File(writing, size) => {
                tx.put(&FILES, &writing.id(), &FileRow { refs: 1, size: *size })?;
                Ok(Data::File(writing.id()))
            }
        }
    }

    /// To be called once the transaction is durable.
    pub fn published(&self) {
        if let NewData::File(writing, _) = self {
            writing.published();
        }
    }
}

/// Gives up one reference. Files whose last it was are added to `freed`.
pub fn release(tx: &mut Tx<'_>, data: &Data, freed: &mut Vec<DataId>) -> Result<(), Error> {
    match data {
        Data::Nothing => Ok(()),
        Data::Inline(id) => match tx.delete(&SMALL, id)? {
            true => Ok(()),
            false => tx.delete(&INLINE, id).map(drop),
        },
        Data::File(id) => match tx.get(&FILES, id)? {
            Some(FileRow { refs: 0 | 1, .. }) => {
                freed.push(*id);
                tx.delete(&FILES, id).map(drop)
            }
            Some(row) => tx.put(&FILES, id, &FileRow { refs: row.refs - 1, ..row }),
            None => Ok(()),
        },
        Data::Parts(id) => match tx.get(&MANIFESTS, id)? {
            Some(Manifest { refs: 0 | 1, parts }) => {
                tx.delete(&MANIFESTS, id)?;
                parts.iter().try_for_each(|part| release(tx, &part.data, freed))
            }
            Some(row) => tx.put(&MANIFESTS, id, &Manifest { refs: row.refs - 1, ..row }),
            None => Ok(()),
        },
    }
}

/// One more reference to the same content; small content is copied under the name `fresh`. `None` when the content
/// is gone.
pub fn share(tx: &mut Tx<'_>, data: &Data, fresh: DataId) -> Result<Option<Data>, Error> {
    Ok(match data {
        Data::Nothing => Some(Data::Nothing),
        Data::Inline(id) => match small(tx, *id)? {
            Some(bytes) => {
                tx.put(&SMALL, &fresh, &SmallContent::new(fresh, &bytes))?;
                Some(Data::Inline(fresh))
            }
            None => None,
        },
        Data::File(id) => match tx.get(&FILES, id)? {
            Some(row) => {
                tx.put(&FILES, id, &FileRow { refs: row.refs + 1, ..row })?;
                Some(Data::File(*id))
            }
            None => None,
        },
        Data::Parts(id) => match tx.get(&MANIFESTS, id)? {
            Some(row) => {
                tx.put(&MANIFESTS, id, &Manifest { refs: row.refs + 1, ..row })?;
                Some(Data::Parts(*id))
            }
            None => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use store::{Store, Value};

    use super::*;

    fn id(n: u128) -> DataId {
        DataId::new(jiff::Timestamp::UNIX_EPOCH, n)
    }

    #[test]
    fn small_content_that_changed_is_an_error_and_old_content_reads() {
        let (new, old, bad) = (id(1), id(2), id(3));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = Store::in_memory().unwrap();
        let put = store.transact(move |tx| {
            tx.put(&SMALL, &new, &SmallContent::new(new, b"content"))?;
            tx.put(&INLINE, &old, &b"before".to_vec())?;
            let mut broken = SmallContent::new(bad, b"content").to_bytes()?;
            broken[10] ^= 1;
            tx.put(&SMALL, &bad, &SmallContent::from_bytes(&broken)?)
        });
        runtime.block_on(put).unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(small(&snapshot, new).unwrap().unwrap(), "content");
        assert_eq!(small(&snapshot, old).unwrap().unwrap(), "before");
        assert!(small(&snapshot, bad).is_err());
        assert_eq!(small(&snapshot, id(4)), Ok(None));
        assert!(SmallContent::from_bytes(b"short").is_err());
    }
}
