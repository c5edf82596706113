//! See `fuzz_targets::sigv4`: `cargo +nightly fuzz run sigv4 ../tests/fuzz/corpus/sigv4`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::sigv4(data));
