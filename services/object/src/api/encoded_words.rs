//! RFC 2047 in user metadata, as S3 has it: what comes as encoded words is kept decoded, and what is beyond ASCII goes out
//! as one encoded word.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Decodes the encoded words of a value. White space between two of them is theirs and no part of the text; what only looks
/// like one is left alone.
pub fn decode(value: &str) -> String {
    let (mut out, mut rest, mut behind_word) = (String::with_capacity(value.len()), value, false);
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((text, after)) = word(from) else {
            out.push_str(&rest[..at + 2]);
            (rest, behind_word) = (&from[2..], false);
            continue;
        };
        if !behind_word || !before.bytes().all(|byte| byte == b' ' || byte == b'\t') {
            out.push_str(before);
        }
        out.push_str(&text);
        (rest, behind_word) = (after, true);
    }
    out.push_str(rest);
    out
}

/// `=?charset?encoding?text?=` at the beginning of a text, decoded, and what follows it.
fn word(text: &str) -> Option<(String, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, after) = rest.split_once("?=")?;
    if encoded.contains(|c: char| c == '?' || c == ' ' || !c.is_ascii()) {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(encoded).ok()?,
        "Q" | "q" => quoted(encoded)?,
        _ => return None,
    };
    // a language may follow the charset, RFC 2231
    let text = match charset.split('*').next()?.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok()?,
        "us-ascii" if bytes.is_ascii() => String::from_utf8(bytes).ok()?,
        "iso-8859-1" => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    Some((text, after))
}

fn quoted(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        out.push(match (byte, tail) {
            (b'_', _) => b' ',
            (b'=', [high, low, tail @ ..]) => {
                rest = tail;
                let nibble = |digit: u8| char::from(digit).to_digit(16);
                u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok()?
            }
            (b'=', _) => return None,
            _ => byte,
        });
    }
    Some(out)
}

/// A value as it goes out.
pub fn encode(value: &str) -> Cow<'_, str> {
    match value.is_ascii() {
        true => Cow::Borrowed(value),
        false => Cow::Owned(format!("=?UTF-8?B?{}?=", STANDARD.encode(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded_and_what_only_looks_so_is_kept() {
        for (sent, kept) in [
            ("plain", "plain"),
            ("=?UTF-8?B?w6Q=?=", "\u{e4}"),
            ("=?utf-8?q?a=C3=A4_b?=", "a\u{e4} b"),
            ("=?ISO-8859-1?Q?=E4?=", "\u{e4}"),
            ("=?US-ASCII*en?Q?hello?=", "hello"),
            ("one =?UTF-8?B?w6Q=?= two", "one \u{e4} two"),
            ("=?UTF-8?B?w6Q=?= \t=?UTF-8?B?w6Q=?=", "\u{e4}\u{e4}"),
            ("=?UTF-8?B?w6Q=?= and =?UTF-8?B?w6Q=?=", "\u{e4} and \u{e4}"),
            ("=?UTF-8?B?!?=", "=?UTF-8?B?!?="),
            ("=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="),
            ("=?UTF-8?Q?=F?=", "=?UTF-8?Q?=F?="),
            ("=?UTF-8?Q?=+1?=", "=?UTF-8?Q?=+1?="),
            ("=?KOI8-R?B?w6Q=?=", "=?KOI8-R?B?w6Q=?="),
            ("a =? b ?=", "a =? b ?="),
            ("=?", "=?"),
        ] {
            assert_eq!(decode(sent), kept, "{sent}");
        }
        assert_eq!(decode(&encode("\u{65e5}\u{672c}")), "\u{65e5}\u{672c}");
        assert_eq!(encode("plain"), "plain");
    }
}
