//! The request context: what is known about one request, by condition key.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;

/// Condition keys and their values. Names are not case-sensitive; a key may have several values, or none.
///
/// Keys about who asks (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
/// `aws:username`, `aws:PrincipalIsAWSService`) come from the [`super::Principal`] and need not be inserted;
/// `aws:PrincipalTag/...` must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Context {
    /// Names as they were given, the last of a name counts: every request makes a dozen, and few policies ask for any.
    entries: Vec<(Cow<'static, str>, Values)>,
}

/// The values of a key, of which most have one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
enum Values {
    One(String),
    Any(Vec<String>),
}

impl Values {
    fn as_slice(&self) -> &[String] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Any(values) => values,
        }
    }
}

impl From<Vec<String>> for Values {
    fn from(values: Vec<String>) -> Self {
        match <[String; 1]>::try_from(values) {
            Ok([value]) => Values::One(value),
            Err(values) => Values::Any(values),
        }
    }
}

impl From<Values> for Vec<String> {
    fn from(values: Values) -> Self {
        match values {
            Values::One(value) => vec![value],
            Values::Any(values) => values,
        }
    }
}

impl Context {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing known, with room for so many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Context { entries: Vec::with_capacity(keys) }
    }

    /// Sets a key to one value, in place of any it had.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> &mut Self {
        self.set(key.into(), Values::One(value.into()))
    }

    /// Sets a key to any number of values, in place of any it had.
    pub fn insert_many<I>(&mut self, key: impl Into<Cow<'static, str>>, values: I) -> &mut Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.set(key.into(), values.into_iter().map(Into::into).collect::<Vec<_>>().into())
    }

    /// Sets a `Bool` key, such as `aws:SecureTransport`.
    pub fn insert_bool(&mut self, key: impl Into<Cow<'static, str>>, value: bool) -> &mut Self {
        self.insert(key, if value { "true" } else { "false" })
    }

    /// Sets a numeric key, such as `s3:max-keys`.
    pub fn insert_number(&mut self, key: impl Into<Cow<'static, str>>, value: i64) -> &mut Self {
        self.insert(key, value.to_string())
    }

    /// Sets a date key, such as `aws:TokenIssueTime`.
    pub fn insert_date(&mut self, key: impl Into<Cow<'static, str>>, value: Timestamp) -> &mut Self {
        self.insert(key, value.to_string())
    }

    /// Sets an address key, such as `aws:SourceIp`.
    pub fn insert_ip(&mut self, key: impl Into<Cow<'static, str>>, value: IpAddr) -> &mut Self {
        self.insert(key, value.to_canonical().to_string())
    }

    /// Sets `aws:CurrentTime` and `aws:EpochTime`.
    pub fn set_time(&mut self, now: Timestamp) -> &mut Self {
        self.insert_date("aws:CurrentTime", now).insert_number("aws:EpochTime", now.as_second())
    }

    /// Sets one key a tag, `prefix/KEY`: `aws:PrincipalTag`, `aws:ResourceTag`, `ec2:ResourceTag`, ...
    pub fn insert_tags<K: AsRef<str>, V: Into<String>>(
        &mut self,
        prefix: &str,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> &mut Self {
        for (key, value) in tags {
            self.insert(format!("{prefix}/{}", key.as_ref()), value);
        }
        self
    }

    /// Sets `aws:RequestTag/...` and `aws:TagKeys` from the tags that a request brings.
    pub fn insert_request_tags(&mut self, tags: &[(String, String)]) -> &mut Self {
        self.insert_tags("aws:RequestTag", tags.iter().map(|(k, v)| (k, v.as_str())));
        self.insert_many("aws:TagKeys", tags.iter().map(|(key, _)| key.as_str()))
    }

    /// A key's values; `None` when the key is absent.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.entries.iter().rev().find(|(name, _)| same(name, key)).map(|(_, values)| values.as_slice())
    }

    /// Every key with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let counts = |at: usize, key: &str| !self.entries[at + 1..].iter().any(|(later, _)| same(later, key));
        let all = self.entries.iter().enumerate();
        all.filter(move |(at, (key, _))| counts(*at, key))
            .map(|(_, (key, values))| (&**key, values.as_slice()))
    }

    /// Takes over every key of `other`, in place of its namesakes here.
    pub fn extend(&mut self, other: Context) -> &mut Self {
        self.entries.extend(other.entries);
        self
    }

    /// What was set before stays behind it, out of sight: to look for it would cost each request more than to keep it.
    fn set(&mut self, key: Cow<'static, str>, values: Values) -> &mut Self {
        self.entries.push((key, values));
        self
    }
}

/// Whether two names are one key's. Only tags can have keys that are not ASCII.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}
