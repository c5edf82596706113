//! Policy documents on their way in and out.

use auth::policy::{Policy, PolicyKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::names;
use crate::error::Error;

/// A document parameter may be this long before anything is read of it.
const MAX_CHARACTERS: usize = 131_072;

/// What RFC 3986 leaves unencoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Refuses a document that is no identity policy.
pub fn check(document: &str) -> Result<(), Error> {
    check_as("policyDocument", document, PolicyKind::Identity)
}

/// Refuses a document that is no policy of this kind.
pub fn check_as(field: &str, document: &str, kind: PolicyKind) -> Result<(), Error> {
    names::length(field, document, 1, MAX_CHARACTERS)?;
    let printable = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    if !document.chars().all(printable) {
        return Err(Error::Validation(format!(
            "The specified value for {field} is invalid. It must contain only printable ASCII characters."
        )));
    }
    match Policy::parse_as(document, kind) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::MalformedPolicy(error.to_string())),
    }
}

/// What counts against AWS's size quotas: white space does not.
pub fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// The document as `Get*` answers it.
pub fn url_encoded(document: &str) -> String {
    utf8_percent_encode(document, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_does_not_compile_is_malformed() {
        let good =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        assert_eq!(check(good), Ok(()));
        for bad in ["{}", "not json", r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Principal":"*"}]}"#]
        {
            assert!(matches!(check(bad), Err(Error::MalformedPolicy(_))), "{bad}");
        }
        assert!(matches!(check(""), Err(Error::Validation(_))));
    }

    #[test]
    fn documents_leave_url_encoded_and_are_measured_without_white_space() {
        assert_eq!(url_encoded(r#"{"a": "b-._~"}"#), "%7B%22a%22%3A%20%22b-._~%22%7D");
        assert_eq!(size(" {\n } "), 2);
    }
}
