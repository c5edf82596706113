//! See `fuzz_targets::address`: `cargo +nightly fuzz run address ../tests/fuzz/corpus/address`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::address(data));
