//! The clock that is passed in, so that tests can hold time still.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Timestamp>>>);

impl Clock {
    /// The host's clock.
    pub fn system() -> Self {
        Clock(None)
    }

    /// A clock that stands at `at` until it is moved.
    pub fn manual(at: Timestamp) -> Self {
        Clock(Some(Arc::new(Mutex::new(at))))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a manual clock; the host's cannot be moved and stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(at) = &self.0 {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.saturating_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}
