//! Randomness that is passed in: from the operating system, or repeatable for tests.

use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// A source of random bytes. Clones share it.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System(SystemRandom),
    Seeded(Arc<Mutex<u64>>),
}

impl Random {
    /// The operating system's generator: keys, ids and tokens come from it.
    pub fn system() -> Self {
        Random(Source::System(SystemRandom::new()))
    }

    /// The same bytes for the same seed; for tests.
    pub fn seeded(seed: u64) -> Self {
        Random(Source::Seeded(Arc::new(Mutex::new(seed))))
    }

    /// Fills `out`.
    ///
    /// # Panics
    /// When the operating system gives no randomness: nothing that needs it could go on safely.
    #[allow(
        clippy::expect_used,
        reason = "getrandom does not fail on a booted Linux; going on would be unsafe"
    )]
    pub fn fill(&self, out: &mut [u8]) {
        match &self.0 {
            Source::System(system) => system.fill(out).expect("the operating system gives randomness"),
            Source::Seeded(state) => {
                for chunk in out.chunks_mut(32) {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    *state = state.wrapping_add(1);
                    let block = digest(&SHA256, &state.to_be_bytes());
                    chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// 128 random bits; `api_spec::ids` make ids of them.
    pub fn u128(&self) -> u128 {
        u128::from_be_bytes(self.bytes())
    }

    /// `length` characters of `alphabet`, each equally likely.
    pub fn text(&self, length: usize, alphabet: &[u8]) -> String {
        let limit = 256 - 256 % alphabet.len().max(1);
        let mut out = String::with_capacity(length);
        while out.len() < length {
            for byte in self.bytes::<32>() {
                if usize::from(byte) < limit && out.len() < length {
                    out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_bytes_repeat_and_texts_stay_in_their_alphabet() {
        assert_eq!(Random::seeded(7).u128(), Random::seeded(7).u128());
        assert_ne!(Random::seeded(7).u128(), Random::seeded(8).u128());
        let text = Random::system().text(40, b"abc");
        assert!(text.len() == 40 && text.bytes().all(|b| b"abc".contains(&b)));
    }
}
