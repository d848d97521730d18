use std::{
    future::{Future, pending},
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use battlement::request_id::carry;
use tokio::time::Instant;
use tracing::warn;

use super::{Claim, IdempotencyKey, KeyLimits, Keys, Refused};

/// Runs the work of each key once. Clones share the keys.
#[derive(Debug)]
pub(crate) struct Once<A>(Arc<Mutex<Keys<A>>>);

/// The answer of some work, and whether it is the answer to every further send.
pub(crate) enum Outcome<A> {
    /// The request was decided.
    Final(A),
    /// The request was not processed, and may be corrected under the same key.
    Unprocessed(A),
}

/// A key in progress. Dropping the value without an answer, as a panic does, releases the key.
struct InProgress<A: Clone> {
    once: Once<A>,
    key: IdempotencyKey,
}

impl<A: Clone + Send + 'static> Once<A> {
    pub(crate) fn new(limits: KeyLimits) -> Self {
        Self(Arc::new(Mutex::new(Keys::new(limits))))
    }

    /// Returns the answer of the first request with `key`: the stored one or, for a new key, that of `work`.
    ///
    /// The work runs in a task of its own. A request that is dropped, since its client disconnected or its deadline
    /// passed, does not interrupt the work, and the next send finds its answer. If the work panics, so does this future, and
    /// the next send does the work again.
    pub(crate) async fn run<F>(
        &self,
        key: IdempotencyKey,
        fingerprint: u64,
        work: F,
    ) -> Result<A, Refused>
    where
        F: Future<Output = Outcome<A>> + Send + 'static,
    {
        let claim = self.keys().claim(&key, fingerprint, Instant::now());
        let progress = match claim {
            Claim::Answered(answer) => return Ok(answer),
            Claim::Refused(reason) => return Err(reason),
            Claim::Granted { nearly_full } => {
                if nearly_full {
                    self.warn();
                }
                InProgress { once: self.clone(), key }
            }
        };
        let work = async move { progress.settle(work.await) };
        match tokio::spawn(carry(work)).await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(answer) => Ok(answer),
            Err(Ok(panic)) => resume_unwind(panic),
            // The runtime is shutting down, and drops this future as well.
            Err(Err(_)) => pending().await,
        }
    }

    /// Returns the number of keys that are remembered, and their maximum.
    pub(crate) fn fill(&self) -> (usize, usize) {
        let mut keys = self.keys();
        (keys.count(Instant::now()), keys.limits().max.get())
    }

    fn warn(&self) {
        let (count, max) = self.fill();
        warn!(
            count,
            max,
            "idempotency keys are nearly full; new keys get 503 at the maximum, which \
             PAYMENTS_IDEMPOTENCY_KEYS_MAX raises"
        );
    }
}

impl<A> Once<A> {
    /// Locks the keys. No code panics while it holds the lock, so the data behind a poisoned lock is sound.
    fn keys(&self) -> MutexGuard<'_, Keys<A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A> Clone for Once<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Clone> InProgress<A> {
    /// Stores the answer if it is final; otherwise, the drop releases the key.
    fn settle(self, outcome: Outcome<A>) -> A {
        match outcome {
            Outcome::Final(answer) => {
                self.once.keys().complete(&self.key, answer.clone(), Instant::now());
                answer
            }
            Outcome::Unprocessed(answer) => answer,
        }
    }
}

impl<A: Clone> Drop for InProgress<A> {
    fn drop(&mut self) {
        self.once.keys().release(&self.key);
    }
}

#[cfg(test)]
mod tests;
