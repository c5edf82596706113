//! EC2's `Filter.N.Name`/`Value.M`: an item passes when every filter has a value that matches one of the item's.

use api_spec::{ApiError, ErrorCode};

/// A filter of a Describe request: name and the values of which one must match.
pub type Filter<'a> = (&'a str, &'a [String]);

/// Whether `text` matches `pattern`, where `*` stands for any run of characters, `?` for one, and `\` takes the
/// meaning from either.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('\\') if p + 1 < pattern.len() => (pattern[p + 1] == text[t]).then_some(2),
            Some(c) => (*c == text[t]).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(step), _) => {
                p += step;
                t += 1;
            }
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether an item passes all filters. `values` gives the item's values for a filter's name: none when the resource
/// has no such filter, an empty list when this item has no value.
///
/// `tag:<key>` and `tag-key` are looked up in `tags`.
///
/// # Errors
/// `InvalidParameterValue` naming a filter that the resource does not have.
pub fn passes<'a>(
    filters: &[Filter<'_>],
    tags: &[calls::Tag],
    values: impl Fn(&str) -> Option<Vec<std::borrow::Cow<'a, str>>>,
) -> Result<bool, ApiError> {
    let mut all = true;
    for (name, patterns) in filters {
        let any = |value: &str| patterns.iter().any(|pattern| matches(pattern, value));
        all &= if let Some(key) = name.strip_prefix("tag:") {
            tags.iter().any(|tag| tag.key == key && any(&tag.value))
        } else if *name == "tag-key" {
            tags.iter().any(|tag| any(&tag.key))
        } else if *name == "tag-value" {
            tags.iter().any(|tag| any(&tag.value))
        } else {
            let found = values(name).ok_or_else(|| unknown(name))?;
            found.iter().any(|value| any(value))
        };
    }
    Ok(all)
}

/// The error for a filter that a resource does not have.
pub fn unknown(name: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameterValue, format!("The filter '{name}' is invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_ec2_documents() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*amazon\\?", "x amazon?", true),
            ("abc", "abcd", false),
            ("**b", "aab", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn every_filter_must_match_and_unknown_ones_are_named() {
        let tags = [calls::Tag { key: "Name".into(), value: "web-1".into() }];
        let values = |name: &str| (name == "state").then(|| vec!["running".into()]);
        let (running, web) = (["running".to_owned()], ["web-*".to_owned()]);
        assert!(passes(&[("state", &running), ("tag:Name", &web)], &tags, values).unwrap());
        assert!(!passes(&[("state", &web)], &tags, values).unwrap());
        assert!(passes(&[("stat", &web)], &tags, values).unwrap_err().message.contains("'stat'"));
    }
}
