//! KMS's pages: `Limit`, `Marker`, `Truncated`, `NextMarker`.

use api_spec::{ApiError, ErrorCode};
use kit::paging::{self, Page};

use crate::domain::kms_names;
use crate::error::Error;

/// The page of `items`, sorted by `key`, that a request asks for; `usual` is its length when it does not say.
pub fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    marker: Option<&str>,
    limit: Option<i32>,
    usual: usize,
) -> Result<Page<T>, ApiError> {
    if let Some(limit) = limit {
        kms_names::between("limit", limit, 1, 1000).map_err(Error::from)?;
    }
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usual);
    paging::page(items, key, marker, limit, ErrorCode::InvalidMarkerException)
}
