//! See `fuzz_targets::post_policy`: `cargo +nightly fuzz run post-policy ../tests/fuzz/corpus/post-policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::post_policy(data));
