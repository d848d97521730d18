use std::{
    sync::{
        Arc,
        atomic::{
            AtomicU32, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    thread,
};

use battlement_rate_limit::{
    Later, Now, Outcome, Policies, Policy, Query, Receipt, Source, Store, StoreError, algorithm,
};
use tokio::{task::yield_now, time::Instant};

use crate::local::Local;

/// A way in which a store breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ChargesOnDenial,
    ChargesPeeks,
    ForgetsExpiry,
    IgnoresCost,
    IsNotAtomic,
    RefundsAboveQuota,
    ResetsNothing,
    StartsAgainAfterChange,
}

/// A correct store with a fault.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    store: Local,
    fault: Fault,
    /// The time at which the store was created.
    created: Instant,
    /// The units that were refunded above the quota.
    above: Arc<AtomicU32>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        let (store, created) = (Local::new(), Instant::now());
        Self { store, fault, created, above: Arc::default() }
    }

    /// Asks the correct store another question.
    fn ask<T>(&self, query: &Query<'_>, ask: impl FnOnce(&Local, &Query<'_>) -> T) -> T {
        let renamed = Policies::new(query.policies.iter().map(renamed));
        let mut query = *query;
        match self.fault {
            Fault::ForgetsExpiry => query.now = self.created,
            Fault::IgnoresCost => query.cost = query.cost.min(1),
            Fault::StartsAgainAfterChange => query.policies = &renamed,
            _ => {}
        }
        ask(&self.store, &query)
    }

    /// Charges every policy that allows the cost.
    fn charge_each(&self, query: &Query<'_>) {
        for policy in query.policies.iter() {
            let policies = Policies::from(policy.clone());
            let _ = self.store.acquire(&Query::new(query.key, &policies, query.cost, query.now));
        }
    }

    /// Reads and writes the cells under two locks.
    fn acquire_in_steps(&self, query: &Query<'_>) -> Outcome {
        let now = self.store.nanos(query);
        let mut cells = self.store.cells.lock().unwrap().read(query);
        let states = algorithm::acquire(query, &mut cells, now);
        thread::yield_now();
        self.store.cells.lock().unwrap().write(query, &cells, now);
        Outcome::new(states, Source::new("faulty"), query.now).with_receipt(Receipt::new(now))
    }

    fn is_unused(&self, query: &Query<'_>) -> bool {
        let Now(outcome) = self.ask(query, Store::peek);
        let mut states = outcome.states.iter().zip(query.policies.iter());
        states.all(|(state, policy)| state.remaining == policy.capacity())
    }

    fn with_units_above(&self, mut outcome: Outcome) -> Outcome {
        for state in &mut outcome.states {
            state.remaining += self.above.load(Relaxed);
        }
        outcome
    }
}

impl Store for Faulty {
    type Answer<T: Send + 'static> = Now<T>;

    fn acquire(&self, query: &Query<'_>) -> Now<Outcome> {
        if self.fault == Fault::IsNotAtomic {
            return Now(self.acquire_in_steps(query));
        }
        let Now(outcome) = self.ask(query, Store::acquire);
        if self.fault == Fault::ChargesOnDenial && outcome.is_denied(query.policies) {
            self.charge_each(query);
        }
        Now(self.with_units_above(outcome))
    }

    fn peek(&self, query: &Query<'_>) -> Now<Outcome> {
        let Now(outcome) = self.ask(query, Store::peek);
        if self.fault == Fault::ChargesPeeks {
            self.charge_each(query);
        }
        Now(self.with_units_above(outcome))
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Now<()> {
        if self.fault == Fault::RefundsAboveQuota && self.is_unused(query) {
            self.above.fetch_add(query.cost, Relaxed);
        }
        self.ask(query, |store, query| store.refund(query, charged))
    }

    fn reset(&self, query: &Query<'_>) -> Now<()> {
        if self.fault == Fault::ResetsNothing {
            return Now(());
        }
        self.ask(query, Store::reset)
    }
}

/// Returns a policy whose cells no policy with other numbers finds.
fn renamed(policy: &Policy) -> Policy {
    let name = format!("{} {} {:?}", policy.name(), policy.quota(), policy.period());
    let renamed = Policy::new(&name, policy.quota(), policy.period()).shadow(policy.is_shadow());
    let renamed = renamed.algorithm(policy.rule().algorithm());
    let is_burst = policy.capacity() != policy.quota();
    if is_burst { renamed.burst(policy.capacity()) } else { renamed }
}

/// A correct store that makes a refund only if its answer is awaited.
#[derive(Clone, Debug)]
pub(crate) struct Lazy(pub(crate) Local);

impl Store for Lazy {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        self.0.acquire(query).into()
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        self.0.peek(query).into()
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        let (store, policies, charged) = (self.0.clone(), query.policies.clone(), charged.clone());
        let (key, cost, now) = (query.key, query.cost, query.now);
        Later::new(async move {
            let Now(()) = store.refund(&Query::new(key, &policies, cost, now), &charged);
            Ok(())
        })
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        self.0.reset(query).into()
    }
}

/// A correct store that loses a connection whenever two requests are in flight at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Leaky {
    store: Local,
    in_flight: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

/// A request in flight.
struct InFlight(Arc<AtomicUsize>);

impl Leaky {
    pub(crate) fn new() -> Self {
        let connections = Arc::new(AtomicUsize::new(300));
        Self { store: Local::new(), in_flight: Arc::default(), connections }
    }

    fn lose_connection(&self) {
        let _ = self.connections.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
    }
}

impl InFlight {
    fn begin(requests: &Arc<AtomicUsize>) -> Self {
        requests.fetch_add(1, SeqCst);
        Self(requests.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Store for Leaky {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        let (leaky, policies) = (self.clone(), query.policies.clone());
        let (key, cost, now) = (query.key, query.cost, query.now);
        Later::new(async move {
            let requests = InFlight::begin(&leaky.in_flight);
            yield_now().await;
            if leaky.connections.load(SeqCst) == 0 {
                return Err(StoreError::QueueFull);
            }
            if requests.0.load(SeqCst) > 1 {
                leaky.lose_connection();
            }
            Ok(leaky.store.acquire(&Query::new(key, &policies, cost, now)).0)
        })
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        self.store.peek(query).into()
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        self.store.refund(query, charged).into()
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        self.store.reset(query).into()
    }
}
