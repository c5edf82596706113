//! References to content: making them, sharing them, giving them up. Every function runs in the transaction that
//! changes who refers.

use std::sync::Arc;

use store::{Error, Read, Tx};

use super::{FILES, INLINE, MANIFESTS};
use crate::data::files::Writing;
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

impl NewData {
    /// Refers to it for the first time.
    pub fn publish(&self, tx: &mut Tx<'_>) -> Result<Data, Error> {
        match self {
            NewData::Nothing => Ok(Data::Nothing),
            NewData::Small(id, bytes) => {
                tx.put(&INLINE, id, bytes)?;
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
        Data::Inline(id) => tx.delete(&INLINE, id).map(drop),
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
        Data::Inline(id) => match tx.get(&INLINE, id)? {
            Some(bytes) => {
                tx.put(&INLINE, &fresh, &bytes)?;
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
