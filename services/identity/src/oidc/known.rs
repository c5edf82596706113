//! What is known of one issuer: its keys, and when it was asked last. Pure: the time is passed in.
//!
//! Keys are used for an hour. An issuer that fails then, or when it is asked for a key that is not among them, takes
//! nothing away: those it gave stay good until it has been silent for a day.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::jwt::{Jwt, KeySet};
use crate::error::Error;

/// A key set is used this long without a question, in seconds.
const KEPT_S: i64 = 3600;
/// And this long while the issuer does not answer, in seconds.
const LASTS_S: i64 = 86_400;
/// An issuer is left alone this long after it was asked, in seconds.
const PAUSE_S: i64 = 10;

/// What is known of one issuer.
#[derive(Default)]
pub struct Known {
    keys: Option<(Arc<KeySet>, Timestamp)>,
    asked: Option<Timestamp>,
    failure: Option<String>,
}

/// What is to be done about a token.
pub enum Next {
    /// There is nothing to be asked.
    Answer(Result<Arc<KeySet>, Error>),
    /// The issuer must be asked.
    Ask,
}

fn age_s(at: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(at.as_second())
}

impl Known {
    /// What is to be done about a token now.
    pub fn next(&self, jwt: &Jwt<'_>, now: Timestamp) -> Next {
        let fresh = self.keys.as_ref().filter(|(_, fetched)| age_s(*fetched, now) < KEPT_S);
        match fresh {
            Some((keys, _)) if jwt.has_key_in(keys) => Next::Answer(Ok(Arc::clone(keys))),
            _ if self.asked.is_some_and(|asked| age_s(asked, now) < PAUSE_S) => {
                Next::Answer(self.answer(jwt, now))
            }
            _ => Next::Ask,
        }
    }

    /// Keys with which the token can be verified, though perhaps there are newer ones.
    pub fn usable(&self, jwt: &Jwt<'_>, now: Timestamp) -> Option<Arc<KeySet>> {
        self.lasting(now).filter(|keys| jwt.has_key_in(keys)).cloned()
    }

    /// Notes that the issuer is asked.
    pub fn asking(&mut self, now: Timestamp) {
        self.asked = Some(now);
    }

    /// Notes what it answered.
    pub fn answered(&mut self, result: Result<KeySet, String>, now: Timestamp) {
        self.asked = Some(now);
        match result {
            Ok(keys) => (self.keys, self.failure) = (Some((Arc::new(keys), now)), None),
            Err(why) => self.failure = Some(why),
        }
    }

    /// The keys for a token without another question.
    ///
    /// # Errors
    /// [`Error::IdpCommunication`] when the issuer, which might have its key, did not answer.
    pub fn answer(&self, jwt: &Jwt<'_>, now: Timestamp) -> Result<Arc<KeySet>, Error> {
        match (self.lasting(now), &self.failure) {
            (Some(keys), None) => Ok(Arc::clone(keys)),
            (Some(keys), Some(_)) if jwt.has_key_in(keys) => Ok(Arc::clone(keys)),
            (_, why) => Err(Error::IdpCommunication(why.clone().unwrap_or_default())),
        }
    }

    /// When the issuer was asked last.
    pub fn asked(&self) -> Option<Timestamp> {
        self.asked
    }

    fn lasting(&self, now: Timestamp) -> Option<&Arc<KeySet>> {
        self.keys.as_ref().filter(|(_, fetched)| age_s(*fetched, now) < LASTS_S).map(|(keys, _)| keys)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(kid: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let header = part(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#));
        format!("{header}.{}.AAAA", part(r#"{"iss":"i","sub":"s","aud":"a","exp":9,"iat":1}"#))
    }

    fn keys(kid: &str) -> KeySet {
        let json = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"AA","y":"AA"}}]}}"#);
        KeySet::parse(json.as_bytes()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What is done about a token: `ask`, `keys` or the error.
    fn done(known: &Known, kid: &str, second: i64) -> String {
        let token = token(kid);
        match known.next(&Jwt::parse(&token).unwrap(), at(second)) {
            Next::Ask => "ask".into(),
            Next::Answer(Ok(_)) => "keys".into(),
            Next::Answer(Err(Error::IdpCommunication(why))) => why,
            Next::Answer(Err(other)) => other.to_string(),
        }
    }

    #[test]
    fn keys_are_used_for_an_hour_and_an_unknown_one_is_asked_for_after_a_pause() {
        let mut known = Known::default();
        assert_eq!(done(&known, "one", 0), "ask");
        known.answered(Ok(keys("one")), at(0));
        assert_eq!(done(&known, "one", KEPT_S - 1), "keys");
        assert_eq!(done(&known, "one", KEPT_S), "ask");
        // the answer is that it is not there
        assert_eq!(done(&known, "two", PAUSE_S - 1), "keys");
        assert_eq!(done(&known, "two", PAUSE_S), "ask");
    }

    #[test]
    fn an_issuer_that_fails_takes_nothing_away_for_a_day() {
        let mut known = Known::default();
        known.answered(Ok(keys("one")), at(0));
        known.answered(Err("gone".into()), at(100));
        assert_eq!(done(&known, "one", 101), "keys");
        assert_eq!(done(&known, "two", 101), "gone", "it may have that key");
        assert_eq!(done(&known, "one", KEPT_S), "ask");
        known.answered(Err("gone".into()), at(KEPT_S));
        assert_eq!(done(&known, "one", KEPT_S + 1), "keys");
        assert_eq!(done(&known, "one", KEPT_S + PAUSE_S), "ask");
        known.answered(Err("gone".into()), at(LASTS_S));
        assert_eq!(done(&known, "one", LASTS_S + 1), "gone");
        // and is believed again when it answers
        known.answered(Ok(keys("two")), at(LASTS_S + 2));
        assert_eq!(done(&known, "two", LASTS_S + 3), "keys");
    }

    #[test]
    fn an_issuer_that_never_answered_is_a_failure() {
        let mut known = Known::default();
        known.asking(at(0));
        known.answered(Err("no answer in time".into()), at(5));
        assert_eq!(done(&known, "one", 14), "no answer in time");
        assert_eq!(done(&known, "one", 15), "ask");
    }
}
