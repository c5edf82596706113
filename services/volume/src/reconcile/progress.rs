//! Writing down how far long work is, now and then, while it goes on.

use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Each note costs a commit.
const EVERY: Duration = Duration::from_secs(1);

/// Percent done, set by the work and read by whoever writes it down.
#[derive(Default)]
pub struct Percent(AtomicU8);

impl Percent {
    /// The work is this far.
    pub fn set(&self, percent: u8) {
        self.0.store(percent.min(99), Ordering::Relaxed);
    }

    /// Does `work` and has it noted whenever it has come further.
    pub async fn noted<T>(&self, work: impl Future<Output = T>, notes: &impl Notes) -> T {
        let mut work = std::pin::pin!(work);
        let mut noted = 0;
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(EVERY) => {}
            }
            let now = self.0.load(Ordering::Relaxed);
            if now != noted {
                notes.note(now).await;
                noted = now;
            }
        }
    }
}

/// Who writes progress down.
pub trait Notes: Sync {
    /// So much is done. That it could not be written down is no reason to stop.
    fn note(&self, percent: u8) -> impl Future<Output = ()> + Send;
}
