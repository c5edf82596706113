//! The forms that texts of a request may have to have: the regular expression as AWS's models write it, and what decides.

/// A form.
pub(super) struct Form {
    /// As AWS writes it.
    pub(super) pattern: &'static str,
    /// Whether a text has it.
    pub(super) fits: fn(&str) -> bool,
    /// What IAM says instead of the pattern.
    pub(super) words: Option<&'static str>,
}

const fn form(pattern: &'static str, fits: fn(&str) -> bool) -> Form {
    Form { pattern, fits, words: None }
}

const fn in_words(pattern: &'static str, fits: fn(&str) -> bool, words: &'static str) -> Form {
    Form { pattern, fits, words: Some(words) }
}

const IN_SLASHES: &str =
    "It must begin and end with / and contain only alphanumeric characters and/or / characters.";

/// Names of IAM's things.
pub(super) static NAME: Form = in_words(
    "[\\w+=,.@-]+",
    is_name,
    "It must contain only alphanumeric characters and/or the following: +=,.@_-",
);
/// Names of sessions.
pub(super) static SESSION_NAME: Form = form("[\\w+=,.@-]*", is_name);
pub(super) static PATH: Form = in_words("(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", is_path, IN_SLASHES);
pub(super) static POLICY_PATH: Form = in_words("((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", is_policy_path, IN_SLASHES);
pub(super) static PATH_PREFIX: Form = in_words(
    "\\u002F[\\u0021-\\u007F]*",
    is_path_prefix,
    "It must begin with / and contain only alphanumeric characters and/or / characters.",
);
/// Policies.
pub(super) static DOCUMENT: Form = in_words(
    "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
    is_latin_text,
    "It must contain only printable ASCII characters.",
);
/// Passwords, certificates and keys.
pub(super) static LATIN_TEXT: Form = form("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", is_latin_text);
pub(super) static LATIN_LINE: Form = form("[\\u0020-\\u00FF]+", is_latin_line);
pub(super) static ROLE_DESCRIPTION: Form =
    form("[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*", is_role_description);
pub(super) static TAG_KEY: Form = form("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", is_tag_text);
pub(super) static TAG_VALUE: Form = form("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", is_tag_text);
pub(super) static WORD: Form = form("[\\w]+", is_word);
pub(super) static DIGITS: Form = form("[\\d]+", is_digits);
pub(super) static SERIAL_NUMBER: Form = form("[\\w+=/:,.@-]+", is_serial_number);
pub(super) static EXTERNAL_ID: Form = form("[\\w+=,.@:\\/-]*", is_serial_number);
pub(super) static VERSION: Form = form("v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", is_version);
pub(super) static ACCOUNT_ALIAS: Form = form("^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", is_account_alias);
pub(super) static NAMESPACE: Form = form("[\\w-]*", is_namespace);
pub(super) static XML_TEXT: Form = form(
    "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+",
    is_xml_text,
);
pub(super) static KEY_ALIAS: Form = form("^[a-zA-Z0-9:/_-]+$", is_key_alias);
pub(super) static XKS_KEY: Form = form("^[a-zA-Z0-9-_.]+$", is_xks_key);

fn of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
}

fn is_name(text: &str) -> bool {
    of(text, b"_+=,.@-")
}

fn is_serial_number(text: &str) -> bool {
    of(text, b"_+=/:,.@-")
}

fn is_word(text: &str) -> bool {
    of(text, b"_")
}

fn is_namespace(text: &str) -> bool {
    of(text, b"_-")
}

fn is_key_alias(text: &str) -> bool {
    of(text, b":/_-")
}

fn is_xks_key(text: &str) -> bool {
    of(text, b"-_.")
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_path(text: &str) -> bool {
    text == "/" || is_path_prefix(text) && text.len() > 2 && text.ends_with('/') && !text.contains('\u{7f}')
}

fn is_path_prefix(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|b| (0x21..=0x7f).contains(&b))
}

fn is_policy_path(text: &str) -> bool {
    let parts = text.strip_suffix('/').map(|rest| rest.split('/'));
    parts.is_some_and(|mut parts| {
        parts.next() == Some("") && parts.all(|part| !part.is_empty() && of(part, b".,+@=_-"))
    })
}

fn is_latin_text(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
}

fn is_latin_line(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' '..='\u{ff}'))
}

fn is_role_description(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}'))
}

fn is_xml_text(text: &str) -> bool {
    let fine = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    text.chars().all(fine)
}

fn is_tag_text(text: &str) -> bool {
    let separator = |c: char| c.is_whitespace() && !c.is_control();
    text.chars().all(|c| c.is_alphanumeric() || separator(c) || "_.:/=+-@".contains(c))
}

fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let (number, more) = rest.split_once('.').unwrap_or((rest, ""));
    !number.is_empty() && is_digits(number) && !number.starts_with('0') && of(more, b"-")
}

fn is_account_alias(text: &str) -> bool {
    let letters = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    letters && !text.starts_with('-') && !text.ends_with('-') && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_let_in_what_their_patterns_do() {
        let cases: [(&Form, &[&str], &[&str]); 12] = [
            (&NAME, &["Alice", "a+=,.@-_1"], &["a b", "a/b", "ä", "a\n"]),
            (&PATH, &["/", "/a/", "/a/b!/"], &["", "a", "//", "/a", "a/", "/a b/", "/\u{7f}/", "/ä/"]),
            (&POLICY_PATH, &["/", "/a/", "/a/b.c/"], &["", "a", "//", "/a", "a/", "/a!/", "/a//b/"]),
            (&PATH_PREFIX, &["/", "/a", "//", "/\u{7f}"], &["", "a", "/ ", "/ä"]),
            (&LATIN_TEXT, &["", "a\t\r\nÿ"], &["\u{100}", "\u{1}"]),
            (&LATIN_LINE, &["a ÿ\u{7f}"], &["\n", "\u{100}"]),
            (&ROLE_DESCRIPTION, &["a\n~¡"], &["\u{7f}", "\u{a0}", "\u{100}"]),
            (&TAG_KEY, &["a b_.:/=+-@", "ä\u{a0}京"], &["a\tb", "a?", "a*"]),
            (&VERSION, &["v1", "v10", "v1.a-B"], &["", "1", "v", "v0", "v01", "v1.?", "vx"]),
            (&ACCOUNT_ALIAS, &["my-house1"], &["-ab", "ab-", "a--b", "Ab"]),
            (&XML_TEXT, &["a\n\u{85}\u{1f600}"], &["\u{1}", "\u{7f}", "\u{ffff}"]),
            (&DIGITS, &["", "0123"], &["a", "١"]),
        ];
        for (form, good, bad) in cases {
            for text in good {
                assert!((form.fits)(text), "{} {text:?}", form.pattern);
            }
            for text in bad {
                assert!(!(form.fits)(text), "{} {text:?}", form.pattern);
            }
        }
    }
}
