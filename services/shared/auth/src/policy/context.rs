//! The request context: what is known about one request, by condition key.

use jiff::Timestamp;
use std::net::IpAddr;

/// Condition keys and their values. Names are not case-sensitive; a key may have several values, or none.
///
/// Keys about who asks (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
/// `aws:username`, `aws:PrincipalIsAWSService`) come from the [`super::Principal`] and need not be inserted;
/// `aws:PrincipalTag/...` must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Context {
    /// Name in lower case, values.
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key to one value, in place of any it had.
    pub fn insert(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        self.set(key, vec![value.into()])
    }

    /// Sets a key to any number of values, in place of any it had.
    pub fn insert_many<I>(&mut self, key: &str, values: I) -> &mut Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.set(key, values.into_iter().map(Into::into).collect())
    }

    /// Sets a `Bool` key, such as `aws:SecureTransport`.
    pub fn insert_bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.insert(key, if value { "true" } else { "false" })
    }

    /// Sets a numeric key, such as `s3:max-keys`.
    pub fn insert_number(&mut self, key: &str, value: i64) -> &mut Self {
        self.insert(key, value.to_string())
    }

    /// Sets a date key, such as `aws:TokenIssueTime`.
    pub fn insert_date(&mut self, key: &str, value: Timestamp) -> &mut Self {
        self.insert(key, value.to_string())
    }

    /// Sets an address key, such as `aws:SourceIp`.
    pub fn insert_ip(&mut self, key: &str, value: IpAddr) -> &mut Self {
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
            self.insert(&format!("{prefix}/{}", key.as_ref()), value);
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
        self.get_lower(&key.to_lowercase())
    }

    /// Every key (in lower case) with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// Takes over every key of `other`, in place of its namesakes here.
    pub fn extend(&mut self, other: &Context) -> &mut Self {
        for (key, values) in &other.entries {
            self.set(key, values.clone());
        }
        self
    }

    pub(super) fn get_lower(&self, key: &str) -> Option<&[String]> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, values)| values.as_slice())
    }

    fn set(&mut self, key: &str, values: Vec<String>) -> &mut Self {
        let key = key.to_lowercase();
        match self.entries.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = values,
            None => self.entries.push((key, values)),
        }
        self
    }
}
