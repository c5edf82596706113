//! Transitions of a lifecycle: to which storage class an object goes, and when. A class is what an object says of itself
//! (`class.rs`); a transition changes that and nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::StorageClass;
use super::lifecycle::{Day, Filter, Lifecycle, Rule};
use super::object::Object;

/// `all_storage_classes_128K`: smaller objects stay where they are.
pub const ALL_128K: &str = "all_storage_classes_128K";
/// `varies_by_storage_class`: smaller objects go into the archive, and nowhere else.
pub const VARIES: &str = "varies_by_storage_class";
const SMALL: u64 = 128 << 10;

/// A transition of current objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub when: When,
    /// Where to.
    pub class: StorageClass,
}

/// When current objects go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// So many days after they were made.
    #[serde(rename = "days")]
    Days(u32),
    /// At that time.
    #[serde(rename = "date")]
    Date(Timestamp),
}

/// A transition of noncurrent versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoncurrentTransition {
    /// So many days after something newer took their place.
    pub days: u32,
    /// So many newer noncurrent ones stay, whatever their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
    /// Where to.
    pub class: StorageClass,
}

impl When {
    fn reached(self, day: Day, made: Timestamp, now: Timestamp) -> bool {
        match self {
            When::Days(days) => day.after(made, days) <= now,
            When::Date(date) => date <= now,
        }
    }
}

impl Lifecycle {
    /// The class that a current object is to go to: the lowest of those that are due.
    pub fn transition(&self, day: Day, key: &str, object: &Object, now: Timestamp) -> Option<StorageClass> {
        let due = |rule: &Rule| {
            let all = rule.transitions.iter().filter(|it| it.when.reached(day, object.modified, now));
            all.map(|it| it.class).filter(|to| self.lets(&rule.filter, object, *to)).max_by_key(depth)
        };
        let about = self.rules().filter(|rule| rule.filter.takes_object(key, object));
        about.filter_map(due).max_by_key(depth)
    }

    /// The same of a version that has been noncurrent for a while, with `newer` noncurrent ones in front of it.
    pub fn noncurrent_transition(
        &self,
        day: Day,
        key: &str,
        object: &Object,
        since: Timestamp,
        newer: u32,
        now: Timestamp,
    ) -> Option<StorageClass> {
        let reached = |it: &&NoncurrentTransition| {
            it.keep.is_none_or(|keep| newer >= keep) && day.after(since, it.days) <= now
        };
        let due = |rule: &Rule| {
            let all = rule.noncurrent_transitions.iter().filter(reached).map(|it| it.class);
            all.filter(|to| self.lets(&rule.filter, object, *to)).max_by_key(depth)
        };
        let about = self.rules().filter(|rule| rule.filter.takes_object(key, object));
        about.filter_map(due).max_by_key(depth)
    }

    /// Whether an object may go there. A rule that says itself how large its objects are is taken at its word.
    fn lets(&self, filter: &Filter, object: &Object, to: StorageClass) -> bool {
        let sized = filter.larger_than.is_some() || filter.smaller_than.is_some();
        let small = object.size < SMALL && !sized;
        to.is_below(object.class) && !(small && !(self.transition_minimum == VARIES && to.is_archive()))
    }
}

fn depth(class: &StorageClass) -> u8 {
    class.depth()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Day = Day(86_400);

    fn object(class: StorageClass, size: u64) -> Object {
        let text =
            r#"{"size":0,"etag":"","modified":"2026-01-01T10:00:00Z","data":"0","owner":"","account":""}"#;
        Object { class, size, ..serde_json::from_str(text).unwrap() }
    }

    fn lifecycle(filter: Filter, moves: &[(u32, StorageClass)], minimum: &str) -> Lifecycle {
        let transitions =
            moves.iter().map(|(days, class)| Transition { when: When::Days(*days), class: *class });
        let noncurrent = moves.iter().map(|(days, class)| NoncurrentTransition {
            days: *days,
            keep: Some(1),
            class: *class,
        });
        let rule = Rule {
            id: "r".into(),
            enabled: true,
            filter,
            transitions: transitions.collect(),
            noncurrent_transitions: noncurrent.collect(),
            ..Rule::default()
        };
        Lifecycle { rules: vec![rule], transition_minimum: minimum.into() }
    }

    #[test]
    fn an_object_goes_as_far_down_as_is_due_and_never_up() {
        use StorageClass::{DeepArchive, Glacier, IntelligentTiering, Standard, StandardIa};
        let moves = [(30, StandardIa), (60, Glacier), (90, DeepArchive)];
        let lifecycle = lifecycle(Filter::default(), &moves, ALL_128K);
        let goes =
            |class, now: &str| lifecycle.transition(DAY, "k", &object(class, SMALL), now.parse().unwrap());
        assert_eq!(goes(Standard, "2026-01-31T23:59:59Z"), None);
        assert_eq!(goes(Standard, "2026-02-01T00:00:00Z"), Some(StandardIa));
        assert_eq!(goes(StandardIa, "2026-02-02T00:00:00Z"), None);
        assert_eq!(goes(IntelligentTiering, "2026-02-02T00:00:00Z"), None);
        assert_eq!(goes(Standard, "2026-03-03T00:00:00Z"), Some(Glacier));
        assert_eq!(goes(IntelligentTiering, "2027-01-01T00:00:00Z"), Some(DeepArchive));
        assert_eq!(goes(DeepArchive, "2027-01-01T00:00:00Z"), None);
    }

    #[test]
    fn small_objects_stay_unless_the_bucket_or_the_rule_says_otherwise() {
        use StorageClass::{Glacier, Standard, StandardIa};
        let small = object(Standard, SMALL - 1);
        let sized = Filter { larger_than: Some(10), ..Filter::default() };
        for (filter, class, minimum, goes) in [
            (Filter::default(), StandardIa, ALL_128K, false),
            (Filter::default(), Glacier, ALL_128K, false),
            (Filter::default(), StandardIa, VARIES, false),
            (Filter::default(), Glacier, VARIES, true),
            (sized.clone(), StandardIa, ALL_128K, true),
            (sized, Glacier, VARIES, true),
        ] {
            let lifecycle = lifecycle(filter, &[(0, class)], minimum);
            let went = lifecycle.transition(DAY, "k", &small, "2026-02-01T00:00:00Z".parse().unwrap());
            assert_eq!(went, goes.then_some(class), "{class:?} {minimum}");
        }
    }

    #[test]
    fn noncurrent_versions_go_when_enough_newer_ones_are_there() {
        let lifecycle = lifecycle(Filter::default(), &[(2, StorageClass::Glacier)], ALL_128K);
        let version = object(StorageClass::Standard, SMALL);
        let goes = |newer, now: &str| {
            let since = "2026-01-05T00:00:00Z".parse().unwrap();
            lifecycle.noncurrent_transition(DAY, "k", &version, since, newer, now.parse().unwrap())
        };
        assert_eq!(goes(0, "2026-02-01T00:00:00Z"), None);
        assert_eq!(goes(1, "2026-01-06T00:00:00Z"), None);
        assert_eq!(goes(1, "2026-01-07T00:00:00Z"), Some(StorageClass::Glacier));
    }
}
