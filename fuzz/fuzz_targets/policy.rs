//! See `fuzz_targets::policy`: `cargo +nightly fuzz run policy ../tests/fuzz/corpus/policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::policy(data));
