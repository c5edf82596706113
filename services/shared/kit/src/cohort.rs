//! Requests that are under way on one thread go through their stages together.
//!
//! The code that one request runs is larger than a core's caches. Requests that are answered one after the other, each from
//! beginning to end, fetch all of it anew each; those that go through a stage one after the other find it where the one
//! before left it. So a request steps aside between its stages, and the others of its thread come as far. It is worth
//! nothing to a request that is alone, and then costs nothing: see `docs/decisions/0101-stage-by-stage.md`.
//!
//! A thread's busy time is what lies between two moments at which it had nothing to do.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

/// So many requests in one busy time make company. With fewer, stepping aside mostly wakes another thread, which takes them.
const COMPANY: u32 = 4;

thread_local! {
    /// Requests that began in this busy time and in the one before.
    static BEGUN: Cell<[u32; 2]> = const { Cell::new([0; 2]) };
}

/// A request begins on this thread.
pub fn begin() {
    let [now, before] = BEGUN.get();
    BEGUN.set([now.saturating_add(1), before]);
}

/// This thread has nothing to do: what a runtime calls before it parks one.
pub fn rest() {
    let [now, _] = BEGUN.get();
    BEGUN.set([0, now]);
}

/// Lets the other requests of this thread come as far, if there are likely any.
pub async fn step_aside() {
    let mut stay = !has_company();
    poll_fn(|context| {
        if std::mem::replace(&mut stay, true) {
            return Poll::Ready(());
        }
        // to the end of the thread's queue
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn has_company() -> bool {
    BEGUN.get().into_iter().any(|requests| requests >= COMPANY)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Two tasks of three stages each on one thread: whose stages came when.
    fn stages() -> String {
        let told = Arc::new(Mutex::new(String::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request = |name: char| {
            let told = Arc::clone(&told);
            async move {
                for _ in 0..3 {
                    told.lock().unwrap().push(name);
                    step_aside().await;
                }
            }
        };
        runtime.block_on(async {
            let both = [tokio::spawn(request('a')), tokio::spawn(request('b'))];
            for one in both {
                one.await.unwrap();
            }
        });
        let told = told.lock().unwrap();
        told.clone()
    }

    #[test]
    fn requests_in_company_go_stage_by_stage() {
        (1..COMPANY).for_each(|_| begin());
        assert_eq!(stages(), "aaabbb");
        begin();
        assert_eq!(stages(), "ababab");
    }

    #[test]
    fn company_is_expected_after_a_short_rest_and_not_after_two() {
        (0..COMPANY).for_each(|_| begin());
        rest();
        assert!(has_company());
        begin();
        rest();
        assert!(!has_company());
    }
}
