//! IAM's pages: `Marker`, `MaxItems`, `IsTruncated`.

use api_spec::{ApiError, ErrorCode};
use kit::paging;

/// One page as IAM answers it.
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// The page of `items`, sorted by `key`, that a request asks for.
pub fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Page<T>, ApiError> {
    let limit = paging::max_items(max_items)?;
    let page = paging::page(items, key, marker, limit, ErrorCode::ValidationError)?;
    Ok(Page { items: page.items, is_truncated: page.next.is_some(), marker: page.next })
}
