use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use battlement_rate_limit::{
    Now, Outcome, Policy, Query, Receipt, Source, Store,
    algorithm::{self, Cell},
};
use tokio::time::Instant;

/// A store in a map behind a mutex, which decides at the time of each query. The map is not bounded.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    created: Instant,
    pub(crate) cells: Arc<Mutex<Cells>>,
}

/// The cells by the bits of their keys and the ids of their policies.
#[derive(Debug, Default)]
pub(crate) struct Cells(HashMap<(u128, u128), Cell>);

impl Local {
    const SOURCE: Source = Source::new("local");

    pub(crate) fn new() -> Self {
        Self { created: Instant::now(), cells: Arc::default() }
    }

    /// Changes the cells of all policies under one lock.
    fn change<T>(&self, query: &Query<'_>, change: impl FnOnce(&mut [Cell], u64) -> T) -> T {
        let (mut all, now) = (self.cells.lock().unwrap(), self.nanos(query));
        let mut cells = all.read(query);
        let changed = change(&mut cells, now);
        all.write(query, &cells, now);
        changed
    }

    /// Returns the time of the query, by the clock of the store.
    pub(crate) fn nanos(&self, query: &Query<'_>) -> u64 {
        let since = query.now.saturating_duration_since(self.created);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Store for Local {
    type Answer<T: Send + 'static> = Now<T>;

    fn acquire(&self, query: &Query<'_>) -> Now<Outcome> {
        Now(self.change(query, |cells, now| {
            let states = algorithm::acquire(query, cells, now);
            Outcome::new(states, Self::SOURCE, query.now).with_receipt(Receipt::new(now))
        }))
    }

    fn peek(&self, query: &Query<'_>) -> Now<Outcome> {
        Now(self.change(query, |cells, now| {
            let states = algorithm::peek(query, cells, now);
            Outcome::new(states, Self::SOURCE, query.now)
        }))
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Now<()> {
        let charged_at = charged.receipt.value();
        self.change(query, |cells, now| {
            algorithm::refund(query, cells, now, charged_at, &charged.states);
        });
        Now(())
    }

    fn reset(&self, query: &Query<'_>) -> Now<()> {
        self.change(query, |cells, _| cells.fill(Cell::default()));
        Now(())
    }

    fn sources(&self) -> &'static [Source] {
        &[Self::SOURCE]
    }
}

impl Cells {
    /// Returns the cells of all policies, in their order.
    pub(crate) fn read(&self, query: &Query<'_>) -> Vec<Cell> {
        let cell = |policy: &Policy| self.0.get(&(query.key.bits(), policy.id()));
        query.policies.iter().map(|policy| cell(policy).copied().unwrap_or_default()).collect()
    }

    /// Stores the cells of all policies, without those that have expired.
    pub(crate) fn write(&mut self, query: &Query<'_>, cells: &[Cell], now: u64) {
        for (policy, cell) in query.policies.iter().zip(cells) {
            let id = (query.key.bits(), policy.id());
            if cell.expires_at() > now {
                self.0.insert(id, *cell);
            } else {
                self.0.remove(&id);
            }
        }
    }
}
