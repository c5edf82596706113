//! See `fuzz_targets::xml`: `cargo +nightly fuzz run xml ../tests/fuzz/corpus/xml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::xml(data));
