//! The `Range` header: one range of bytes. What is not one is ignored, as HTTP allows and S3 does.

use crate::error::Error;
use crate::service::Stretch;

/// The stretch that a header asks for; none when it says nothing that is understood.
///
/// # Errors
/// `InvalidRange` when no byte of the object lies in it.
pub fn parse(text: &str, size: u64) -> Result<Option<Stretch>, Error> {
    let Some((first, last)) = text.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| {
        let text = text.trim();
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten()
    };
    let refuse = || Error::InvalidRange { asked: text.to_owned(), size };
    let (offset, last) = match (first.trim(), last.trim()) {
        ("", suffix) => match number(suffix) {
            None => return Ok(None),
            Some(0) => return Err(refuse()),
            Some(length) => (size.saturating_sub(length), u64::MAX),
        },
        (first, "") => match number(first) {
            None => return Ok(None),
            Some(first) => (first, u64::MAX),
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last),
            _ => return Ok(None),
        },
    };
    if offset >= size {
        return Err(refuse());
    }
    let behind = last.saturating_add(1).min(size);
    Ok(Some(Stretch { offset, length: behind - offset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_http_says() {
        let of = |text, size| parse(text, size).ok().flatten().map(|s| (s.offset, s.length));
        assert_eq!(of("bytes=0-0", 10), Some((0, 1)));
        assert_eq!(of("bytes=5-", 10), Some((5, 5)));
        assert_eq!(of("bytes=-3", 10), Some((7, 3)));
        assert_eq!(of("bytes=-30", 10), Some((0, 10)));
        assert_eq!(of("bytes=8-99", 10), Some((8, 2)));
        for ignored in ["bytes=5-2", "pages=1-2", "bytes=a-b", "bytes=1-2,3-4", "bytes=-", "bytes=+1-2", ""] {
            assert!(matches!(parse(ignored, 10), Ok(None)), "{ignored}");
        }
        for refused in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert!(parse(refused, 10).is_err(), "{refused}");
        }
        assert!(parse("bytes=0-", 0).is_err());
    }
}
