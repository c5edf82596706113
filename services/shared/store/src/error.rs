//! The store's one error. It is `Clone`, because one failed commit answers every transaction of its batch.

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store's file could not be opened or created.
    #[error("cannot open the store at {path}: {reason}")]
    Open {
        /// Where the store was looked for.
        path: String,
        /// What the engine or the operating system said.
        reason: String,
    },
    /// The engine failed while reading.
    #[error("the storage engine failed: {0}")]
    Engine(String),
    /// Stored key bytes are not an encoding of the table's key type.
    #[error("stored key does not decode: {0}")]
    Key(String),
    /// Stored value bytes are not an encoding of the table's value type, or a value does not encode.
    #[error("value of type {type_name} does not convert: {reason}")]
    Value {
        /// The Rust type of the value.
        type_name: &'static str,
        /// What the codec said.
        reason: String,
    },
    /// A value was written in a format that this build does not know, most likely by a newer one.
    #[error("value of type {type_name} has format version {found}, this build reads up to {known}")]
    UnknownVersion {
        /// The Rust type of the value.
        type_name: &'static str,
        /// The version byte found (0 for an empty value).
        found: u8,
        /// The newest version this build knows.
        known: u8,
    },
    /// A key or a value is larger than the store takes.
    #[error("{what} of {bytes} bytes is larger than the {limit} bytes the store takes")]
    TooLarge {
        /// `key` or `value`.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The transaction's closure panicked. Nothing of it was applied.
    #[error("the transaction panicked: {0}")]
    Panicked(String),
    /// Other writers changed what the batch had read, again and again. Nothing was applied.
    #[error("the transaction kept conflicting with other writers")]
    Conflict,
    /// The commit failed. Whether the medium holds it is unknown, so it counts as not done.
    #[error("the commit failed and was not acknowledged: {0}")]
    Commit(String),
    /// An earlier commit failed. The store takes no writes until it is opened again.
    #[error("the store takes no writes since a commit failed ({0}); restart the service to reopen it")]
    Poisoned(String),
    /// The commit thread has ended.
    #[error("the store is closed")]
    Closed,
}
