//! Stopping: one signal that everything in a process can wait for, and a way to wait until it has all ended.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

/// Handle on the stop signal of a process; clones share it.
#[derive(Clone, Debug)]
pub struct Shutdown {
    signal: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown { signal: watch::Sender::new(false), running: watch::Sender::new(0) }
    }
}

impl Shutdown {
    /// Tells everything to stop.
    pub fn begin(&self) {
        self.signal.send_replace(true);
    }

    /// Whether stopping has begun.
    pub fn begun(&self) -> bool {
        *self.signal.borrow()
    }

    /// Returns when stopping begins.
    pub async fn wait(&self) {
        let mut signal = self.signal.subscribe();
        // the sender lives in self, so this ends only by the value
        let _ = signal.wait_for(|begun| *begun).await;
    }

    /// Runs a task that [`Shutdown::finished`] waits for.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let running = self.running.clone();
        running.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let _guard = Running(running);
            task.await;
        });
    }

    /// Returns when all spawned tasks have ended; false if `patience` ran out first.
    pub async fn finished(&self, patience: Duration) -> bool {
        let mut running = self.running.subscribe();
        tokio::time::timeout(patience, running.wait_for(|count| *count == 0)).await.is_ok()
    }
}

struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
