//! See `fuzz_targets::form`: `cargo +nightly fuzz run form ../tests/fuzz/corpus/form`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::form(data));
