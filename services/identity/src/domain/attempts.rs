//! Limiting of attempts to guess: after a few failures the next attempt has to wait, twice as long each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;
/// The wait after the first failure beyond these, in seconds.
const FIRST_WAIT_S: i64 = 1;
/// The longest wait, in seconds.
const MAX_WAIT_S: i64 = 900;
/// Failures are forgotten when the last one is so long ago, in seconds.
const FORGET_S: i64 = 3600;
/// Entries kept. Beyond it those that may go are dropped; when none may, the newest guesser waits.
const MAX_ENTRIES: usize = 100_000;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Failures by what was guessed at. In memory: whoever can restart identity needs no guessing.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<String, Failures>>);

impl Attempts {
    /// Whether another attempt may be made; otherwise how long it has to wait. An attempt that may be made counts as
    /// failed until [`Attempts::succeeded`] says otherwise, so that many at once do not slip through.
    pub fn begin(&self, on: &str, now: Timestamp) -> Result<(), SignedDuration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_ENTRIES {
            all.retain(|_, failures| !forgotten(*failures, now));
            if all.len() >= MAX_ENTRIES && !all.contains_key(on) {
                return Err(SignedDuration::from_secs(MAX_WAIT_S));
            }
        }
        let before = all.get(on).copied().filter(|failures| !forgotten(*failures, now));
        let before = before.unwrap_or(Failures { count: 0, last: now });
        let may_at = before.last.saturating_add(wait(before.count)).unwrap_or(Timestamp::MAX);
        if now < may_at {
            return Err(may_at.duration_since(now));
        }
        all.insert(on.to_owned(), Failures { count: before.count.saturating_add(1), last: now });
        Ok(())
    }

    /// Forgets the failures.
    pub fn succeeded(&self, on: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(on);
    }
}

fn wait(failures: u32) -> SignedDuration {
    match failures.checked_sub(FREE) {
        None => SignedDuration::ZERO,
        Some(beyond) => SignedDuration::from_secs((FIRST_WAIT_S << beyond.min(10)).min(MAX_WAIT_S)),
    }
}

fn forgotten(failures: Failures, now: Timestamp) -> bool {
    now.duration_since(failures.last) > SignedDuration::from_secs(FORGET_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_make_the_next_attempt_wait_twice_as_long_each_time() {
        let (attempts, mut now) = (Attempts::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..FREE {
            assert_eq!(attempts.begin("a", now), Ok(()));
        }
        for wait_s in [1, 2, 4, 8] {
            assert_eq!(attempts.begin("a", now), Err(SignedDuration::from_secs(wait_s)));
            // others do not wait for it
            assert_eq!(attempts.begin(&format!("b{wait_s}"), now), Ok(()));
            now += SignedDuration::from_secs(wait_s);
            assert_eq!(attempts.begin("a", now), Ok(()));
        }
        attempts.succeeded("a");
        assert_eq!(attempts.begin("a", now), Ok(()));
    }

    #[test]
    fn the_wait_has_an_end_and_old_failures_are_forgotten() {
        let (attempts, mut now) = (Attempts::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..60 {
            if let Err(wait) = attempts.begin("a", now) {
                assert!(wait <= SignedDuration::from_secs(MAX_WAIT_S));
                now += wait;
            }
        }
        now += SignedDuration::from_secs(FORGET_S + 1);
        for _ in 0..FREE {
            assert_eq!(attempts.begin("a", now), Ok(()));
        }
    }
}
