use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Counts;

/// The counts of all requests, in total and by idempotency key.
#[derive(Debug, Default)]
pub(super) struct Record {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: u64,
    total: Counts,
    by_key: HashMap<String, Counts>,
}

/// The key of a request, if it has one.
pub(super) type Key = Option<String>;

/// A received request; dropping it ends the exchange.
#[derive(Debug)]
pub(super) struct Receipt {
    record: Arc<Record>,
    key: Key,
}

impl Record {
    pub(super) fn counts(&self) -> Counts {
        self.state().total
    }

    pub(super) fn counts_of(&self, key: &str) -> Counts {
        self.state().by_key.get(key).copied().unwrap_or_default()
    }

    pub(super) fn connections(&self) -> u64 {
        self.state().connections
    }

    pub(super) fn connected(&self) {
        self.state().connections += 1;
    }

    /// Counts a request as received if `is_received` returns `true` for the number of earlier requests with its key,
    /// and otherwise as refused.
    pub(super) fn admit(
        self: &Arc<Self>,
        key: Key,
        is_received: impl FnOnce(u64) -> bool,
    ) -> Option<Receipt> {
        let mut state = self.state();
        let of_key = key.as_ref().and_then(|key| state.by_key.get(key)).copied();
        let of_key = of_key.unwrap_or_default();
        let is_received = is_received(of_key.received + of_key.refused);
        state.count(key.as_ref(), |counts| {
            counts.received += u64::from(is_received);
            counts.in_flight += u64::from(is_received);
            counts.refused += u64::from(!is_received);
        });
        is_received.then(|| Receipt { record: Arc::clone(self), key })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, key: Option<&String>, change: impl Fn(&mut Counts)) {
        change(&mut self.total);
        if let Some(key) = key {
            change(self.by_key.entry(key.clone()).or_default());
        }
    }
}

impl Receipt {
    pub(super) fn processed(&self) {
        self.record.state().count(self.key.as_ref(), |counts| counts.processed += 1);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.record.state().count(self.key.as_ref(), |counts| counts.in_flight -= 1);
    }
}
