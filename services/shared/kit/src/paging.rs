//! Pages of lists whose items are already at hand: `MaxResults`/`NextToken` (EC2) and `MaxItems`/`Marker` (IAM).
//!
//! A token is the sort key of the last item of the page before, so a list that changes between two pages neither
//! repeats nor skips what stayed.

use api_spec::{ApiError, ErrorCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Asks for what follows; none when nothing does.
    pub next: Option<String>,
}

/// The page of `items` (sorted by `key`) after `token`, with at most `limit` of them.
///
/// # Errors
/// `code` when the token is not one of ours.
pub fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    token: Option<&str>,
    limit: usize,
    code: ErrorCode,
) -> Result<Page<T>, ApiError> {
    let after = token.filter(|token| !token.is_empty()).map(|token| read(token, code)).transpose()?;
    let mut rest = items.into_iter().filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let next = match (rest.next(), items.last()) {
        (Some(_), Some(last)) => Some(URL_SAFE_NO_PAD.encode(key(last))),
        _ => None,
    };
    Ok(Page { items, next })
}

fn read(token: &str, code: ErrorCode) -> Result<String, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ApiError::new(code, format!("The token '{token}' is not valid")))
}

/// EC2's `MaxResults`: none or 0 means everything, else 5 to 1000.
pub fn max_results(given: Option<i32>) -> Result<usize, ApiError> {
    match given {
        None | Some(0) => Ok(usize::MAX),
        Some(n @ 5..=1000) => Ok(usize::try_from(n).unwrap_or(1000)),
        Some(n) => Err(ApiError::new(
            ErrorCode::InvalidParameterValue,
            format!(
                "Value ( {n} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."
            ),
        )),
    }
}

/// IAM's `MaxItems`: 1 to 1000, 100 when absent.
pub fn max_items(given: Option<i32>) -> Result<usize, ApiError> {
    match given {
        None => Ok(100),
        Some(n @ 1..=1000) => Ok(usize::try_from(n).unwrap_or(1000)),
        Some(n) => Err(ApiError::new(
            ErrorCode::ValidationError,
            format!(
                "1 validation error detected: Value '{n}' at 'maxItems' failed to satisfy constraint: \
                 Member must have value between 1 and 1000"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_without_gaps_though_items_vanish() {
        let all: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let first = page(all.clone(), Clone::clone, None, 4, ErrorCode::InvalidNextToken).unwrap();
        assert_eq!(first.items, ["0", "1", "2", "3"]);
        let fewer: Vec<String> = all.into_iter().filter(|n| n != "3" && n != "5").collect();
        let second =
            page(fewer, Clone::clone, first.next.as_deref(), 9, ErrorCode::InvalidNextToken).unwrap();
        assert_eq!(second.items, ["4", "6", "7", "8", "9"]);
        assert_eq!(second.next, None);
        let bad = page(vec!["a".to_owned()], Clone::clone, Some("%"), 1, ErrorCode::InvalidNextToken);
        assert_eq!(bad.unwrap_err().code, ErrorCode::InvalidNextToken);
    }
}
