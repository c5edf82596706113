//! The order of encoded keys is the order of the keys, and they read back.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, too")]

use proptest::prelude::*;
use store::{Key, Prefix, StartsWith, decode_key, encode_key};

fn check<K: Key + Ord + std::fmt::Debug>(a: &K, b: &K) {
    let (x, y) = (encode_key(a), encode_key(b));
    assert_eq!(x.cmp(&y), a.cmp(b), "{a:?} against {b:?}");
    assert_eq!(&decode_key::<K>(&x).unwrap(), a);
    assert!(a == b || (!x.starts_with(&y) && !y.starts_with(&x)), "{a:?} and {b:?} run into each other");
}

fn begins<K: Key, P: Prefix<K>>(prefix: &P, key: &K) -> bool {
    let mut bytes = Vec::new();
    prefix.encode_prefix(&mut bytes);
    encode_key(key).starts_with(&bytes)
}

/// Bytes that are likely to collide with escapes and ends.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0), Just(1), Just(0xfe), Just(0xff), any::<u8>()], 0..6)
}

/// Text likewise.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('\u{10ffff}'), any::<char>()],
        0..6,
    )
    .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn strings_keep_their_order(a in text(), b in text()) {
        check(&a, &b);
    }

    #[test]
    fn bytes_keep_their_order(a in bytes(), b in bytes()) {
        check(&a, &b);
    }

    #[test]
    fn numbers_keep_their_order(a: (u8, u32, u64), b: (u8, u32, u64)) {
        check(&a.0, &b.0);
        check(&a.1, &b.1);
        check(&a.2, &b.2);
    }

    #[test]
    fn tuples_keep_their_order(a in (text(), bytes(), any::<bool>(), 0..3u64), b in (text(), bytes(), any::<bool>(), 0..3u64)) {
        check(&(a.0.clone(), a.3), &(b.0.clone(), b.3));
        check(&(a.2, a.0.clone(), a.1.clone()), &(b.2, b.0.clone(), b.1.clone()));
        check(&a, &b);
    }

    #[test]
    fn a_component_begins_exactly_its_own_keys(a in text(), b in text(), n: u64) {
        let key = (a.clone(), n);
        prop_assert!(begins(&a, &key));
        prop_assert_eq!(begins(&b, &key), a == b);
    }

    #[test]
    fn a_text_begins_exactly_the_strings_that_start_with_it(a in text(), b in text()) {
        prop_assert_eq!(begins(&StartsWith(&b), &a), a.starts_with(&b));
        prop_assert_eq!(begins(&(7u64, StartsWith(&b)), &(7u64, a.clone())), a.starts_with(&b));
        prop_assert!(!begins(&(6u64, StartsWith(&b)), &(7u64, a)));
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic(input in bytes()) {
        let _ = decode_key::<(String, u32, bool, Vec<u8>)>(&input);
        let _ = decode_key::<String>(&input);
    }
}

#[test]
fn the_contracts_ids_sort_and_read_back_by_their_text() {
    use api_spec::ids::VolumeId;
    let (low, high) = (VolumeId::from_random(1), VolumeId::from_random(2));
    check(&low, &high);
    check(&(low.clone(), 5u32), &(low, 6u32));
    assert!(decode_key::<VolumeId>(&encode_key(&"i-00000001".to_string())).is_err());
}

#[test]
fn what_is_left_over_is_an_error() {
    assert!(decode_key::<u8>(&[1, 2]).is_err());
    assert!(decode_key::<u32>(&[1, 2]).is_err());
    assert!(decode_key::<bool>(&[2]).is_err());
    assert!(decode_key::<String>(b"no end").is_err());
}
