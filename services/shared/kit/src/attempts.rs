//! Signatures that were not right: whoever sends many of them is refused for a while before they are looked at.
//!
//! Counted by the pair of access key and address, and by address; never by the key alone, so that nobody can lock a
//! user out from elsewhere. Each is a bucket of failures that fills up again. Memory is bounded: at the limit the
//! entries that are full again go first, then any.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// How many failures are let pass at once, and how many more each second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// For one key from one address: a wrong secret in a script, retried, does not get here.
const OF_PAIR: Rate = Rate { burst: 50.0, per_second: 1.0 };
/// For all keys from one address.
const OF_ADDRESS: Rate = Rate { burst: 500.0, per_second: 10.0 };
/// Entries kept of each sort.
const MAX_ENTRIES: usize = 8192;

/// The failures of late. Clones share them.
#[derive(Clone, Default)]
pub struct Attempts(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    pairs: Buckets<(String, Option<IpAddr>)>,
    addresses: Buckets<Option<IpAddr>>,
}

struct Buckets<K> {
    left: HashMap<K, Left, RandomState>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Buckets { left: HashMap::default() }
    }
}

/// What is left of a bucket, as of a moment.
#[derive(Clone, Copy, Debug)]
struct Left {
    failures: f64,
    at: Timestamp,
}

impl Attempts {
    /// Whether a signature of this key from this address may be looked at.
    pub fn allows(&self, access_key_id: &str, from: Option<IpAddr>, now: Timestamp) -> bool {
        let from = from.map(network);
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.addresses.left.is_empty() {
            return true;
        }
        tables.addresses.left(&from, OF_ADDRESS, now) >= 1.0
            && tables.pairs.left(&(access_key_id.to_owned(), from), OF_PAIR, now) >= 1.0
    }

    /// Counts one that was wrong.
    pub fn failed(&self, access_key_id: &str, from: Option<IpAddr>, now: Timestamp) {
        let from = from.map(network);
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.addresses.take(from, OF_ADDRESS, now);
        tables.pairs.take((access_key_id.to_owned(), from), OF_PAIR, now);
    }
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    fn left(&self, key: &K, rate: Rate, now: Timestamp) -> f64 {
        self.left.get(key).map_or(rate.burst, |left| left.at_moment(rate, now))
    }

    fn take(&mut self, key: K, rate: Rate, now: Timestamp) {
        let failures = (self.left(&key, rate, now) - 1.0).max(0.0);
        if self.left.len() >= MAX_ENTRIES && !self.left.contains_key(&key) {
            self.make_room(rate, now);
        }
        self.left.insert(key, Left { failures, at: now });
    }

    fn make_room(&mut self, rate: Rate, now: Timestamp) {
        self.left.retain(|_, left| left.at_moment(rate, now) < rate.burst);
        // half goes at once, so that this is not done again for each that comes
        let surplus = self.left.len().saturating_sub(MAX_ENTRIES / 2);
        if self.left.len() >= MAX_ENTRIES {
            let any: Vec<K> = self.left.keys().take(surplus).cloned().collect();
            for key in any {
                self.left.remove(&key);
            }
        }
    }
}

impl Left {
    fn at_moment(&self, rate: Rate, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.failures + passed * rate.per_second).min(rate.burst)
    }
}

/// A client of IPv6 has a whole /64 to write from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    const MALLORY: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 66)));
    const ALICE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + second.seconds()
    }

    #[test]
    fn many_wrong_signatures_are_refused_for_a_while_and_only_where_they_come_from() {
        let attempts = Attempts::default();
        for _ in 0..50 {
            assert!(attempts.allows("AKIA", MALLORY, at(0)));
            attempts.failed("AKIA", MALLORY, at(0));
        }
        assert!(!attempts.allows("AKIA", MALLORY, at(0)));
        assert!(attempts.allows("AKIA", ALICE, at(0)), "the user elsewhere is not locked out");
        assert!(attempts.allows("OTHER", MALLORY, at(0)), "another key from there is looked at");
        assert!(attempts.allows("AKIA", MALLORY, at(1)), "it is let try again");
        attempts.failed("AKIA", MALLORY, at(1));
        assert!(!attempts.allows("AKIA", MALLORY, at(1)));
        assert!(attempts.allows("AKIA", MALLORY, at(100)));
    }

    #[test]
    fn an_address_that_guesses_keys_is_refused_whatever_the_key() {
        let attempts = Attempts::default();
        (0..500).for_each(|n| attempts.failed(&format!("AKIA{n}"), MALLORY, at(0)));
        assert!(!attempts.allows("AKIANEVERSEEN", MALLORY, at(0)));
        assert!(attempts.allows("AKIANEVERSEEN", ALICE, at(0)));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let attempts = Attempts::default();
        let of = |n: u16| Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, n)));
        (0..50).for_each(|n| attempts.failed("AKIA", of(n), at(0)));
        assert!(!attempts.allows("AKIA", of(999), at(0)));
    }

    #[test]
    fn memory_is_bounded_whatever_is_sent() {
        let attempts = Attempts::default();
        for n in 0..3 * u32::try_from(MAX_ENTRIES).unwrap() {
            attempts.failed(&format!("AKIA{n}"), Some(IpAddr::from(n.to_be_bytes())), at(0));
        }
        let tables = attempts.0.lock().unwrap();
        assert!(tables.pairs.left.len() <= MAX_ENTRIES && tables.addresses.left.len() <= MAX_ENTRIES);
    }

    #[test]
    fn a_clock_that_goes_back_forgives_nothing() {
        let attempts = Attempts::default();
        (0..50).for_each(|_| attempts.failed("AKIA", MALLORY, at(1000)));
        assert!(!attempts.allows("AKIA", MALLORY, at(0)));
    }
}
