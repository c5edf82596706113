//! See `fuzz_targets::chunked`: `cargo +nightly fuzz run chunked ../tests/fuzz/corpus/chunked`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::chunked(data));
