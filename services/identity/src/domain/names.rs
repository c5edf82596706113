//! What names, paths, ARNs and other texts of a request may look like, in AWS's words where they do not.

use crate::error::Error;

type Checked = Result<(), Error>;

/// A user's name.
pub fn user_name(field: &str, name: &str) -> Checked {
    length(field, name, 1, 64)?;
    friendly(field, name)
}

/// A role's name.
pub fn role_name(name: &str) -> Checked {
    user_name("roleName", name)
}

/// A group's, a policy's or an instance profile's name.
pub fn name_128(field: &str, name: &str) -> Checked {
    length(field, name, 1, 128)?;
    friendly(field, name)
}

/// A virtual MFA device's name.
pub fn name_226(field: &str, name: &str) -> Checked {
    length(field, name, 1, 226)?;
    friendly(field, name)
}

/// The serial number of an MFA device: an ARN, or what a piece of hardware has.
pub fn serial_number(serial: &str) -> Checked {
    length("serialNumber", serial, 9, 256)?;
    match serial.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=/:,.@-".contains(&b)) {
        true => Ok(()),
        false => Err(pattern("serialNumber", serial, "[\\w+=/:,.@-]+")),
    }
}

/// A password, whose text no error shows.
pub fn password(field: &str, password: &str) -> Checked {
    match (1..=128).contains(&password.chars().count()) && password.chars().all(is_latin_text) {
        true => Ok(()),
        false => Err(Error::Validation(format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length from 1 \
             to 128 and satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
        ))),
    }
}

/// A text in PEM, as far as its letters and length go. No error shows it: it is a private key, or one may have been pasted
/// into it.
pub fn pem(field: &str, text: &str, max: usize) -> Checked {
    match (1..=max).contains(&text.chars().count()) && text.chars().all(is_latin_text) {
        true => Ok(()),
        false => Err(Error::Validation(format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length from 1 \
             to {max} and satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
        ))),
    }
}

fn is_latin_text(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}')
}

/// Six digits of an MFA device.
pub fn authentication_code(field: &str, code: &str) -> Checked {
    length(field, code, 6, 6)?;
    match code.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(()),
        false => Err(pattern(field, code, "[\\d]+")),
    }
}

/// `/` or `/division/part/`.
pub fn path(field: &str, path: &str) -> Checked {
    length(field, path, 1, 512)?;
    let graphic = path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if graphic && path.starts_with('/') && path.ends_with('/') {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The specified value for {field} is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters."
    )))
}

/// The beginning of a path; the rule does not ask for a slash at the end.
pub fn path_prefix(prefix: &str) -> Checked {
    length("pathPrefix", prefix, 1, 512)?;
    let graphic = prefix.bytes().all(|b| (0x21..=0x7f).contains(&b));
    if graphic && prefix.starts_with('/') {
        return Ok(());
    }
    Err(Error::Validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric \
         characters and/or / characters."
            .into(),
    ))
}

/// ARN of a managed policy.
pub fn policy_arn(arn: &str) -> Checked {
    length("policyArn", arn, 20, 2048)?;
    match super::arn::parse_policy(arn) {
        Some(_) => Ok(()),
        None => Err(Error::InvalidInput(format!("ARN {arn} is not valid."))),
    }
}

/// `v1`, `v2`, ...
pub fn version_id(id: &str) -> Checked {
    match super::managed_policy::version_number(id) {
        Some(_) => Ok(()),
        None => Err(pattern("versionId", id, "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?")),
    }
}

/// An access key's id.
pub fn access_key_id(id: &str) -> Checked {
    length("accessKeyId", id, 16, 128)?;
    match id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        true => Ok(()),
        false => Err(pattern("accessKeyId", id, "[\\w]+")),
    }
}

/// An account's alias.
pub fn account_alias(alias: &str) -> Checked {
    length("accountAlias", alias, 3, 63)?;
    let letters = alias.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let all_digits = alias.len() == 12 && alias.bytes().all(|b| b.is_ascii_digit());
    if letters && !alias.starts_with('-') && !alias.ends_with('-') && !alias.contains("--") && !all_digits {
        return Ok(());
    }
    Err(pattern("accountAlias", alias, "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"))
}

/// The description of a managed policy.
pub fn description(text: &str) -> Checked {
    length("description", text, 0, 1000)
}

/// The description of a role.
pub fn role_description(text: &str) -> Checked {
    length("description", text, 0, 1000)?;
    let fine = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    match text.chars().all(fine) {
        true => Ok(()),
        false => Err(pattern("description", text, "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*")),
    }
}

/// How long sessions of a role may last.
pub fn max_session_seconds(seconds: Option<i32>) -> Result<u32, Error> {
    let seconds = seconds.unwrap_or(3600);
    number("maxSessionDuration", seconds, 3600, 43_200)?;
    u32::try_from(seconds).map_err(|error| Error::Corrupt(error.to_string()))
}

/// One of the words that a parameter may be.
pub fn one_of(field: &str, text: &str, words: &[&str]) -> Checked {
    if words.contains(&text) {
        return Ok(());
    }
    let words = words.join(", ");
    Err(constraint(field, text, &format!("Member must satisfy enum value set: [{words}]")))
}

/// A service's name in actions of policies.
pub fn service_namespace(field: &str, namespace: &str) -> Checked {
    length(field, namespace, 1, 64)?;
    match namespace.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) {
        true => Ok(()),
        false => Err(pattern(field, namespace, "[\\w-]*")),
    }
}

/// A number's range.
pub fn number(field: &str, value: i32, min: i32, max: i32) -> Checked {
    let wrong = |what: String| Err(constraint(field, &value.to_string(), &what));
    match value {
        _ if value < min => wrong(format!("Member must have value greater than or equal to {min}")),
        _ if value > max => wrong(format!("Member must have value less than or equal to {max}")),
        _ => Ok(()),
    }
}

/// A list with more members than it may have.
pub fn list_too_long(field: &str, max: usize) -> Error {
    constraint(field, "[...]", &format!("Member must have length less than or equal to {max}"))
}

/// A text's length in characters.
pub fn length(field: &str, text: &str, min: usize, max: usize) -> Checked {
    let length = text.chars().count();
    if length < min {
        return Err(constraint(
            field,
            text,
            &format!("Member must have length greater than or equal to {min}"),
        ));
    }
    if length > max {
        return Err(constraint(field, text, &format!("Member must have length less than or equal to {max}")));
    }
    Ok(())
}

fn friendly(field: &str, name: &str) -> Checked {
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b)) {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The specified value for {field} is invalid. It must contain only alphanumeric characters and/or the \
         following: +=,.@_-"
    )))
}

/// A text that is not of this form.
pub fn pattern(field: &str, value: &str, pattern: &str) -> Error {
    constraint(field, value, &format!("Member must satisfy regular expression pattern: {pattern}"))
}

fn constraint(field: &str, value: &str, what: &str) -> Error {
    // what is far too long is not sent back whole
    let shown: String = value.chars().take(2048).collect();
    Error::Validation(format!(
        "1 validation error detected: Value '{shown}' at '{field}' failed to satisfy constraint: {what}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_to_their_alphabet_and_length() {
        for good in ["a", "Alice", "a+b=c,d.e@f_g-h", &"x".repeat(64)] {
            assert_eq!(user_name("userName", good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a/b", "ä", "..%2e/", "a\n", "*", &"x".repeat(65)] {
            assert!(matches!(user_name("userName", bad), Err(Error::Validation(_))), "{bad}");
        }
        assert_eq!(
            user_name("userName", "").unwrap_err().to_string(),
            "1 validation error detected: Value '' at 'userName' failed to satisfy constraint: \
             Member must have length greater than or equal to 1"
        );
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        for good in ["/", "/a/", "/a/b-c/", "//"] {
            assert_eq!(path("path", good), Ok(()), "{good}");
        }
        for bad in ["", "a", "/a", "a/", "/a b/", "/ä/", &format!("/{}/", "x".repeat(511))] {
            assert!(path("path", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn aliases_and_arns_have_rules_of_their_own() {
        assert!(account_alias("my-house").is_ok());
        for bad in ["ab", "-ab", "ab-", "a--b", "Abc", "123456789012"] {
            assert!(account_alias(bad).is_err(), "{bad}");
        }
        assert!(matches!(policy_arn("arn:aws:iam::aws:role/abc"), Err(Error::InvalidInput(_))));
        assert!(matches!(policy_arn("short"), Err(Error::Validation(_))));
    }

    proptest! {
        #[test]
        fn an_accepted_name_has_no_character_that_means_something_in_an_arn(name in "\\PC{0,70}") {
            if user_name("userName", &name).is_ok() {
                prop_assert!(!name.contains(['/', ':', '*', '?', '$', ' ']));
            }
        }
    }
}
