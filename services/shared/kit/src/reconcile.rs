//! Running reconcilers: a pass on a tick and whenever something it watches changes, until shutdown.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::context::Context;

/// Longest pause after passes that failed.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Brings what is towards what should be. Each implementation opens with "for every X such that P, do A".
pub trait Reconciler: Send + Sync + 'static {
    /// Name in logs and metrics.
    const NAME: &'static str;
    /// Why a pass failed; the next one tries again.
    type Error: Display + Send;

    /// Reads the whole state, acts idempotently, and says how many things it did. May be killed anywhere.
    fn pass(&self) -> impl Future<Output = Result<usize, Self::Error>> + Send;
}

/// Runs a reconciler until shutdown: every `tick`, and at once when one of `wakes` changes.
pub fn run<R: Reconciler>(
    context: &Context,
    reconciler: R,
    tick: Duration,
    mut wakes: Vec<watch::Receiver<u64>>,
) {
    let (shutdown, metrics) = (context.shutdown.clone(), context.metrics.clone());
    context.shutdown.spawn(async move {
        let mut failures: u32 = 0;
        while !shutdown.begun() {
            for wake in &mut wakes {
                wake.mark_unchanged();
            }
            let pause = match reconciler.pass().await {
                Ok(done) => {
                    failures = 0;
                    metrics.pass(R::NAME, if done == 0 { "idle" } else { "worked" });
                    tick
                }
                Err(error) => {
                    failures += 1;
                    metrics.pass(R::NAME, "failed");
                    tracing::warn!(reconciler = R::NAME, %error, failures, "a pass failed and will be retried");
                    tick.saturating_mul(1 << failures.min(6)).min(MAX_PAUSE)
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(pause) => {}
                () = any_changed(&mut wakes) => {}
            }
        }
    });
}

/// Returns when one of the receivers has news; never, when there are none.
async fn any_changed(wakes: &mut [watch::Receiver<u64>]) {
    if wakes.is_empty() {
        return std::future::pending().await;
    }
    let changes = wakes.iter_mut().map(|wake| {
        Box::pin(async move {
            if wake.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    });
    futures_util::future::select_all(changes).await;
}
