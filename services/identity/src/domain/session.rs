//! Sessions: what temporary credentials stand for, how long they may live and how much they may carry.

use std::collections::{BTreeMap, BTreeSet};

use calls::Tag;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::document;
use super::names;
use crate::error::Error;

/// Characters that the policies of a session may have together, inline and ARNs.
const MAX_POLICY_CHARACTERS: usize = 2048;
/// Managed policies that may be passed.
const MAX_POLICY_ARNS: usize = 10;
/// Bytes that policies and tags of a session may take in its token.
const ALLOTTED: usize = 4096;

/// The shortest life of any session, in seconds.
pub const MIN_DURATION_S: i32 = 900;
/// The longest life of a session of a user or a federated user, in seconds.
pub const MAX_DURATION_S: i32 = 129_600;
/// What such a session lives when the request does not say.
pub const DEFAULT_DURATION_S: i32 = 43_200;
/// What a session of a role lives when the request does not say.
pub const DEFAULT_ROLE_DURATION_S: i32 = 3600;
/// The longest life of a session of a role, in seconds, if the role allows it.
pub const MAX_ROLE_DURATION_S: i32 = 43_200;
/// The longest life of a session that was got with a session of another role, in seconds.
pub const MAX_CHAINED_DURATION_S: i32 = 3600;
/// The longest life of a session that an account's root gets for itself, in seconds.
pub const MAX_ROOT_DURATION_S: i32 = 3600;

/// A session, whole: everything that its token seals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// 12 digits.
    #[serde(rename = "a")]
    pub account: String,
    /// Whose it is.
    #[serde(rename = "w")]
    pub subject: Subject,
    /// When it began, in whole seconds.
    #[serde(rename = "i")]
    pub issued: Timestamp,
    /// When it ends.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// What limits it.
    #[serde(rename = "p", default, skip_serializing_if = "SessionPolicies::is_empty")]
    pub policies: SessionPolicies,
    /// Its tags, by key.
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Keys of those tags that go on to the next session of a chain.
    #[serde(rename = "n", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub transitive: BTreeSet<String>,
    /// When its holder proved a second factor.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mfa_at: Option<Timestamp>,
    /// Who is behind it, by their own word; stays the same along a chain.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Condition keys that stay with it, beside those that follow from the above.
    #[serde(rename = "k", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

impl Session {
    /// A session with nothing special about it.
    pub fn new(account: &str, subject: Subject, issued: Timestamp, expires: Timestamp) -> Self {
        Session {
            account: account.to_owned(),
            subject,
            issued,
            expires,
            policies: SessionPolicies::default(),
            tags: BTreeMap::new(),
            transitive: BTreeSet::new(),
            mfa_at: None,
            source_identity: None,
            keys: BTreeMap::new(),
        }
    }

    /// The condition keys that it has in every request, by name.
    pub fn condition_keys(&self) -> Vec<(String, String)> {
        let mut keys = vec![("aws:TokenIssueTime".to_owned(), self.issued.to_string())];
        keys.extend(self.source_identity.iter().map(|who| ("aws:SourceIdentity".to_owned(), who.clone())));
        keys.extend(self.keys.iter().map(|(name, value)| (name.clone(), value.clone())));
        keys
    }
}

/// Whose a session is. Long-term keys are named where the session ends with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// The account's root, by GetSessionToken.
    #[serde(rename = "o")]
    Root {
        /// The access key that asked for it.
        #[serde(rename = "k")]
        key: String,
    },
    /// A user, by GetSessionToken.
    #[serde(rename = "u")]
    User {
        /// `AIDA...`.
        #[serde(rename = "i")]
        id: String,
        /// The access key that asked for it.
        #[serde(rename = "k")]
        key: String,
    },
    /// Somebody that a user or an account's root vouches for, by GetFederationToken.
    #[serde(rename = "f")]
    Federated {
        /// The name given.
        #[serde(rename = "n")]
        name: String,
        /// `AIDA...`; none for root.
        #[serde(rename = "i")]
        by: Option<String>,
        /// The access key that asked for it.
        #[serde(rename = "k")]
        key: String,
    },
    /// A role that was assumed.
    #[serde(rename = "r")]
    Role {
        /// `AROA...`.
        #[serde(rename = "i")]
        id: String,
        /// Name of the session.
        #[serde(rename = "n")]
        name: String,
    },
}

/// Policies passed with a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPolicies {
    /// A document.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<String>,
    /// ARNs of managed policies; what they say counts as it stands when the session is used.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub arns: Vec<String>,
}

impl SessionPolicies {
    /// Whether none were passed.
    pub fn is_empty(&self) -> bool {
        self.inline.is_none() && self.arns.is_empty()
    }

    /// Those of a request, by AWS's rules.
    pub fn of(inline: Option<&str>, arns: Vec<String>) -> Result<Self, Error> {
        if arns.len() > MAX_POLICY_ARNS {
            return Err(names::list_too_long("policyArns", MAX_POLICY_ARNS));
        }
        arns.iter().try_for_each(|arn| names::policy_arn(arn))?;
        if let Some(text) = inline {
            document::check(text)?;
        }
        let characters =
            inline.map_or(0, |text| text.chars().count()) + arns.iter().map(String::len).sum::<usize>();
        if characters > MAX_POLICY_CHARACTERS {
            return Err(too_large((characters * 100).div_ceil(MAX_POLICY_CHARACTERS), "session policies"));
        }
        Ok(SessionPolicies { inline: inline.map(str::to_owned), arns })
    }
}

/// How much of the room for policies and tags a session takes, in percent; more than all is refused.
pub fn packed_size(policies: &SessionPolicies, tags: &BTreeMap<String, String>) -> Result<i32, Error> {
    let policy = policies.inline.as_ref().map_or(0, String::len)
        + policies.arns.iter().map(String::len).sum::<usize>();
    let tags: usize = tags.iter().map(|(key, value)| key.len() + value.len()).sum();
    let percent = ((policy + tags) * 100).div_ceil(ALLOTTED);
    match percent {
        0..=100 => Ok(i32::try_from(percent).unwrap_or(100)),
        _ => Err(too_large(percent, "session policies and session tags")),
    }
}

fn too_large(percent: usize, what: &str) -> Error {
    Error::PackedPolicyTooLarge(format!("Packed size of {what} consumes {percent}% of allotted space."))
}

/// The tags of a request, by AWS's rules, on top of those that a chain hands on.
pub fn tags(tags: Vec<Tag>, inherited: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    super::tags::check(&tags)?;
    let mut all = inherited;
    for tag in tags {
        if all.keys().any(|known| known.eq_ignore_ascii_case(&tag.key)) {
            return Err(Error::InvalidSessionTag(format!(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag \
                 key from the calling session: {}",
                tag.key
            )));
        }
        all.insert(tag.key, tag.value);
    }
    Ok(all)
}

/// The tags of a principal with those of its session, which win.
pub fn with_session_tags(own: Vec<Tag>, session: &BTreeMap<String, String>) -> Vec<Tag> {
    let replaced = |tag: &Tag| session.keys().any(|key| key.eq_ignore_ascii_case(&tag.key));
    let mut tags: Vec<Tag> = own.into_iter().filter(|tag| !replaced(tag)).collect();
    tags.extend(session.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }));
    tags
}

/// Begin and end of a session that starts now: whole seconds, as tokens carry them.
pub fn life(now: Timestamp, duration_s: i64) -> Result<(Timestamp, Timestamp), Error> {
    let wrong = || Error::Corrupt(format!("no session of {duration_s} s can begin at {now}"));
    let issued = Timestamp::from_second(now.as_second()).map_err(|_| wrong())?;
    let expires = issued.checked_add(SignedDuration::from_secs(duration_s)).map_err(|_| wrong())?;
    Ok((issued, expires))
}

/// How long a session of a user, or of somebody it vouches for, lives.
pub fn duration(asked: Option<i32>, is_root: bool) -> Result<i64, Error> {
    let asked = asked.unwrap_or(if is_root { MAX_ROOT_DURATION_S } else { DEFAULT_DURATION_S });
    names::number("durationSeconds", asked, MIN_DURATION_S, MAX_DURATION_S)?;
    // AWS gives root the hour that is its limit, whatever more it asks for
    Ok(i64::from(if is_root { asked.min(MAX_ROOT_DURATION_S) } else { asked }))
}

/// How long a session of a role lives.
pub fn role_duration(asked: Option<i32>, role_max_s: u32, is_chained: bool) -> Result<i64, Error> {
    let asked = asked.unwrap_or(DEFAULT_ROLE_DURATION_S);
    names::number("durationSeconds", asked, MIN_DURATION_S, MAX_ROLE_DURATION_S)?;
    if is_chained && asked > MAX_CHAINED_DURATION_S {
        return Err(Error::Validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                .into(),
        ));
    }
    if i64::from(asked) > i64::from(role_max_s) {
        return Err(Error::Validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".into(),
        ));
    }
    Ok(i64::from(asked))
}

/// The name of a session or a source identity.
pub fn session_name(field: &str, name: &str, max: usize) -> Result<(), Error> {
    names::length(field, name, 2, max)?;
    match name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
        true => Ok(()),
        false => Err(names::pattern(field, name, "[\\w+=,.@-]*")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

    #[test]
    fn durations_keep_to_their_range_and_root_gets_an_hour_at_most() {
        assert_eq!(duration(None, false), Ok(43_200));
        assert_eq!(duration(Some(900), false), Ok(900));
        assert_eq!(duration(Some(129_600), false), Ok(129_600));
        assert_eq!(duration(Some(129_600), true), Ok(3600));
        assert_eq!(duration(None, true), Ok(3600));
        assert_eq!(
            duration(Some(899), false).unwrap_err().to_string(),
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must \
             have value greater than or equal to 900"
        );
        assert!(duration(Some(129_601), false).is_err());
    }

    #[test]
    fn a_role_says_how_long_its_sessions_may_last_and_a_chain_an_hour() {
        assert_eq!(role_duration(None, 3600, true), Ok(3600));
        assert_eq!(role_duration(Some(43_200), 43_200, false), Ok(43_200));
        assert!(
            role_duration(Some(3601), 3600, false).unwrap_err().to_string().contains("MaxSessionDuration")
        );
        assert!(role_duration(Some(3601), 43_200, true).unwrap_err().to_string().contains("role chaining"));
        assert!(role_duration(Some(43_201), 43_200, false).is_err());
        assert!(role_duration(Some(899), 43_200, false).is_err());
    }

    #[test]
    fn session_policies_are_checked_and_measured() {
        let policies = SessionPolicies::of(Some(ALL), vec![]).unwrap();
        assert_eq!(packed_size(&policies, &BTreeMap::new()), Ok(3));
        assert!(matches!(SessionPolicies::of(Some("{}"), vec![]), Err(Error::MalformedPolicy(_))));
        assert!(SessionPolicies::of(Some(&format!("{ALL}{}", " ".repeat(2048))), vec![]).is_err());
        assert!(SessionPolicies::of(None, vec!["arn:aws:iam::aws:policy/X".into(); 11]).is_err());
        let many = BTreeMap::from([("k".to_owned(), "v".repeat(4096))]);
        assert!(matches!(packed_size(&policies, &many), Err(Error::PackedPolicyTooLarge(_))));
    }

    #[test]
    fn tags_of_a_session_win_over_the_principals_own() {
        let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
        let own = vec![tag("team", "red"), tag("city", "Bonn")];
        let session = BTreeMap::from([("Team".to_owned(), "blue".to_owned())]);
        assert_eq!(with_session_tags(own, &session), [tag("city", "Bonn"), tag("Team", "blue")]);
        assert!(tags(vec![tag("team", "x")], session.clone()).is_err());
        assert_eq!(tags(vec![tag("a", "b")], session).unwrap().len(), 2);
    }
}
