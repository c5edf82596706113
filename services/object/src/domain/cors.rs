//! Cross-origin rules: which are possible, and which of them lets a page of some origin make a request.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A bucket has at most so many.
pub const MAX_RULES: usize = 100;
const MAX_ID: usize = 255;
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// The rules of a bucket, in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cors {
    /// 1 to 100.
    pub rules: Vec<Rule>,
}

store::json_value!(Cors, version = 1);

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Name.
    pub id: Option<String>,
    /// Origins, with one `*` at most.
    pub origins: Vec<String>,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Headers that may be asked for, with one `*` at most.
    pub headers: Vec<String>,
    /// Headers that may be read.
    pub expose: Vec<String>,
    /// Seconds.
    pub max_age: Option<u32>,
}

impl Cors {
    /// Holds rules to what AWS takes.
    ///
    /// # Errors
    /// `MalformedXML` for what is missing, `InvalidRequest` for what cannot be.
    pub fn check(&self) -> Result<(), Error> {
        if self.rules.is_empty() {
            return Err(Error::MalformedXml("no CORSRule".into()));
        }
        if self.rules.len() > MAX_RULES {
            return Err(Error::InvalidRequest(format!(
                "The number of CORS rules should not exceed allowed limit of {MAX_RULES} rules."
            )));
        }
        self.rules.iter().try_for_each(Rule::check)
    }

    /// The first rule that lets a page of `origin` use `method` and, in a preflight, these headers; and the origin it
    /// matched.
    pub fn find(&self, origin: &str, method: &str, headers: &[&str]) -> Option<(&Rule, &str)> {
        self.rules.iter().find_map(|rule| {
            let allowed = rule.origins.iter().find(|pattern| matches(pattern, origin))?;
            let method = rule.methods.iter().any(|known| known == method);
            let headers = headers.iter().all(|name| rule.allows_header(name));
            (method && headers).then_some((rule, allowed.as_str()))
        })
    }
}

impl Rule {
    fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::InvalidRequest(message));
        if self.methods.is_empty() || self.origins.is_empty() {
            return Err(Error::MalformedXml("a CORSRule without AllowedMethod or AllowedOrigin".into()));
        }
        if self.id.as_ref().is_some_and(|id| id.chars().count() > MAX_ID) {
            return wrong(format!("The ID of a CORS rule should not exceed allowed limit of {MAX_ID}"));
        }
        if let Some(method) = self.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            return wrong(format!(
                "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            ));
        }
        let twice = |list: &'_ [String]| list.iter().find(|text| text.matches('*').count() > 1).cloned();
        if let Some(origin) = twice(&self.origins) {
            return wrong(format!("AllowedOrigin \"{origin}\" can not have more than one wildcard."));
        }
        if let Some(name) = twice(&self.headers) {
            return wrong(format!("AllowedHeader \"{name}\" can not have more than one wildcard."));
        }
        if let Some(name) = self.expose.iter().find(|name| name.contains('*')) {
            return wrong(format!(
                "ExposeHeader \"{name}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            ));
        }
        let known = |list: &[String]| list.iter().all(|text| !text.is_empty() && text.is_ascii());
        match known(&self.origins) && known(&self.headers) && known(&self.expose) {
            true => Ok(()),
            false => wrong("An AllowedOrigin, AllowedHeader or ExposeHeader is empty or not ASCII.".into()),
        }
    }

    fn allows_header(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.headers.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &name))
    }
}

/// Whether text is of a pattern with one `*` at most.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> Rule {
        Rule { origins: list(origins), methods: list(methods), headers: list(headers), ..Rule::default() }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let cors = Cors {
            rules: vec![
                rule(&["http://*.example.com"], &["GET"], &["x-amz-*", "Authorization"]),
                rule(&["*"], &["PUT"], &["*"]),
            ],
        };
        assert!(cors.check().is_ok());
        let found = |origin, method, headers: &[&str]| cors.find(origin, method, headers).map(|(_, o)| o);
        assert_eq!(found("http://a.example.com", "GET", &[]), Some("http://*.example.com"));
        assert_eq!(
            found("http://a.example.com", "GET", &["X-Amz-Date", "authorization"]),
            Some("http://*.example.com")
        );
        assert_eq!(found("http://a.example.com", "GET", &["content-type"]), None);
        assert_eq!(found("http://a.example.com", "PUT", &["content-type"]), Some("*"));
        assert_eq!(found("http://example.com", "GET", &[]), None);
        assert_eq!(found("HTTP://a.example.com", "GET", &[]), None);
        assert!(!matches("a*a", "a"));
    }

    #[test]
    fn rules_that_cannot_be_are_refused() {
        let mut expose = rule(&["*"], &["GET"], &[]);
        expose.expose = list(&["x-*"]);
        for wrong in [
            rule(&[], &["GET"], &[]),
            rule(&["*"], &[], &[]),
            rule(&["*"], &["PATCH"], &[]),
            rule(&["*"], &["get"], &[]),
            rule(&["http://*.*"], &["GET"], &[]),
            rule(&["*"], &["GET"], &["*-*"]),
            rule(&[""], &["GET"], &[]),
            expose,
        ] {
            assert!(Cors { rules: vec![wrong.clone()] }.check().is_err(), "{wrong:?}");
        }
        assert!(Cors::default().check().is_err());
        assert!(Cors { rules: vec![rule(&["*"], &["GET"], &[]); 101] }.check().is_err());
    }
}
