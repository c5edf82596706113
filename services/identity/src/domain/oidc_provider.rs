//! OpenID Connect providers: issuers of identity tokens that an account trusts.

use axum::http::Uri;
use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names;
use crate::error::Error;

/// Audiences that one may have.
const MAX_CLIENT_IDS: usize = 100;
/// Thumbprints that one may have.
const MAX_THUMBPRINTS: usize = 5;

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Account it belongs to.
    pub account: String,
    /// Its URL without the scheme; unique in the account.
    pub name: String,
    /// Plain HTTP, for an issuer on this host in tests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// Audiences whose tokens are taken.
    pub client_ids: Vec<String>,
    /// SHA-1 of certificates that its own may hang on, lower-case hex.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl OidcProvider {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn(&self.account, &self.name)
    }

    /// What tokens of it say as `iss`.
    pub fn issuer(&self) -> String {
        format!("{}://{}", if self.plain { "http" } else { "https" }, self.name)
    }

    /// Adds an audience; one that is there already changes nothing.
    pub fn add_client_id(&mut self, id: String) -> Result<(), Error> {
        client_id(&id)?;
        if self.client_ids.contains(&id) {
            return Ok(());
        }
        if self.client_ids.len() >= MAX_CLIENT_IDS {
            let quota = "ClientIdsPerOpenIdConnectProvider".into();
            return Err(Error::QuotaExceeded { quota, limit: MAX_CLIENT_IDS });
        }
        self.client_ids.push(id);
        Ok(())
    }
}

/// `arn:aws:iam::123456789012:oidc-provider/server.example.org`
pub fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{name}")
}

/// Account and name in a provider's ARN.
pub fn parse_arn(text: &str) -> Result<(&str, &str), Error> {
    names::length("openIDConnectProviderArn", text, 20, 2048)?;
    let parts = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":oidc-provider/"));
    let known = parts.filter(|(account, name)| {
        account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty()
    });
    known.ok_or_else(|| Error::InvalidInput(format!("Invalid Open ID Connect Provider ARN: {text}")))
}

/// A provider's URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUrl {
    /// Without the scheme.
    pub name: String,
    /// Plain HTTP.
    pub plain: bool,
}

/// Reads a provider's URL. Plain HTTP is for issuers on this host, where the configuration has them.
pub fn url(text: &str, plain_allowed: bool) -> Result<ProviderUrl, Error> {
    names::length("url", text, 1, 255)?;
    let invalid = || Error::Validation("Invalid Open ID Connect Provider URL".into());
    let (name, plain) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(name), _) => (name, false),
        (None, Some(name)) if plain_allowed => (name, true),
        _ => return Err(invalid()),
    };
    let printable = name.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\"<>\\^`{|}*".contains(&b));
    let host = name.split('/').next().unwrap_or_default();
    match printable && !host.is_empty() && text.parse::<Uri>().is_ok() {
        true => Ok(ProviderUrl { name: name.to_owned(), plain }),
        false => Err(invalid()),
    }
}

/// Audiences of a new provider.
pub fn client_ids(ids: Vec<String>) -> Result<Vec<String>, Error> {
    if ids.len() > MAX_CLIENT_IDS {
        return Err(names::list_too_long("clientIDList", MAX_CLIENT_IDS));
    }
    ids.iter().try_for_each(|id| client_id(id))?;
    let mut unique: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !unique.contains(&id) {
            unique.push(id);
        }
    }
    Ok(unique)
}

fn client_id(id: &str) -> Result<(), Error> {
    names::length("clientID", id, 1, 255)
}

/// Thumbprints as they are kept.
pub fn thumbprints(given: Vec<String>) -> Result<Vec<String>, Error> {
    if given.len() > MAX_THUMBPRINTS {
        return Err(Error::InvalidInput("Thumbprint list must contain fewer than 5 entries.".into()));
    }
    for one in &given {
        names::length("thumbprintList", one, 40, 40)?;
        if !one.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::InvalidInput("Thumbprint must be 40 hexadecimal digits.".into()));
        }
    }
    Ok(given.into_iter().map(|one| one.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_https_without_query_user_or_fragment() {
        let good = url("https://server.example.org/a/b", false).unwrap();
        assert_eq!(good, ProviderUrl { name: "server.example.org/a/b".into(), plain: false });
        for bad in [
            "",
            "https://",
            "http://server.example.org",
            "ftp://server.example.org",
            "https://a/?x=1",
            "https://user@a",
            "https://a#b",
            "https:///path",
            "https://a b",
        ] {
            assert!(url(bad, false).is_err(), "{bad}");
        }
        assert!(url("http://127.0.0.1:8080", true).unwrap().plain);
    }

    #[test]
    fn arns_thumbprints_and_audiences_have_their_rules() {
        let arn = arn("123456789012", "a.example/x");
        assert_eq!(parse_arn(&arn), Ok(("123456789012", "a.example/x")));
        assert!(matches!(parse_arn("arn:aws:iam::123456789012:role/abc"), Err(Error::InvalidInput(_))));
        assert_eq!(thumbprints(vec!["A".repeat(40)]), Ok(vec!["a".repeat(40)]));
        assert!(thumbprints(vec!["g".repeat(40)]).is_err() && thumbprints(vec!["a".repeat(39)]).is_err());
        assert!(thumbprints(vec!["a".repeat(40); 6]).is_err());
        assert_eq!(client_ids(vec!["a".into(), "a".into()]), Ok(vec!["a".to_owned()]));
        assert!(client_ids(vec![String::new()]).is_err());
    }
}
