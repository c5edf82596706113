//! What a bucket and a key may be called. A key is never the name of a file: it is looked up in the index.

use std::net::Ipv4Addr;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// AWS's rules for general-purpose buckets.
pub fn is_bucket_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let reserved_start = ["xn--", "sthree-", "amzn-s3-demo-"];
    let reserved_end = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| plain(b) || b == b'-' || b == b'.')
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !reserved_start.iter().any(|start| name.starts_with(start))
        && !reserved_end.iter().any(|end| name.ends_with(end))
}

/// Whether the `..` segments of a path-like key lead out of the bucket; AWS refuses such keys.
pub fn climbs_out(key: &str) -> bool {
    let mut depth = 0i32;
    for segment in key.split('/') {
        match segment {
            ".." => depth -= 1,
            "." | "" => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for good in ["abc", "a-b.c", "1bucket", &"a".repeat(63), "my.bucket.name"] {
            assert!(is_bucket_name(good), "{good}");
        }
        for bad in [
            "",
            "ab",
            &"a".repeat(64),
            "Upper",
            "under_score",
            "a..b",
            "-a-",
            "abc-",
            ".abc",
            "192.168.5.4",
            "xn--abc",
            "abc-s3alias",
            "..",
            "a/b",
            "a\0b",
            "ä-bucket",
        ] {
            assert!(!is_bucket_name(bad), "{bad}");
        }
    }

    #[test]
    fn only_paths_that_leave_the_bucket_climb_out() {
        for out in ["..", "../x", "a/../..", "a/../../b", "/..", "./.."] {
            assert!(climbs_out(out), "{out}");
        }
        for fine in ["a/../b", "a/b/../..", "..a", "a..", "...", ".", "", "//", "a/./b"] {
            assert!(!climbs_out(fine), "{fine}");
        }
    }
}
