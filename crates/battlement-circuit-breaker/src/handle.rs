use std::{fmt, sync::Arc};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{
    CircuitBreakerLayer, Snapshot, State, Subscription, breaker::Breaker, circuits::Circuits,
    config::Config, keys::Keys,
};

mod check;
mod run;
mod summary;

/// A handle that reads and changes the state of a layer at run time, created by
/// [`CircuitBreakerLayer::pair`](crate::CircuitBreakerLayer::pair).
///
/// In a layer with keys, the handle concerns all of them, and [`by_key`](Self::by_key) returns that of one.
///
/// # Example
///
/// ```
/// use battlement_circuit_breaker::{CircuitBreakerLayer, State};
///
/// let (layer, billing) = CircuitBreakerLayer::new("billing").pair();
/// assert_eq!(billing.state(), State::Closed);
/// billing.force_open(); // as for planned maintenance of the upstream
/// assert_eq!(billing.check_state().to_string(), "degraded: billing is forced open");
/// billing.unforce();
/// ```
#[derive(Clone)]
pub struct Handle {
    circuits: Arc<Circuits>,
    /// The breaker of one key; `None` for all.
    one: Option<Arc<Breaker>>,
}

impl Handle {
    pub(crate) const fn new(circuits: Arc<Circuits>) -> Self {
        Self { circuits, one: None }
    }

    /// Returns the name of the layer.
    #[must_use]
    pub fn name(&self) -> &str {
        self.circuits.name()
    }

    /// Returns the handle of one key, which gets a state if it has none. A key beyond the most has the state that such
    /// keys share.
    ///
    /// A key with a handle is not removed.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Self {
        let one = self.circuits.breaker(Some(key), Instant::now());
        Self { circuits: Arc::clone(&self.circuits), one: Some(one) }
    }

    /// Returns the keys that have a state of their own, and their states. Idle keys are removed before.
    #[must_use]
    pub fn keys(&self) -> Vec<(Box<str>, State)> {
        let Some(keys) = self.circuits.keys() else { return Vec::new() };
        let now = Instant::now();
        keys.sweep(self.circuits.shared().tick(now), self.circuits.desk());
        let state = |breaker: &Breaker| breaker.snapshot(now).state;
        keys.all().into_iter().map(|(key, breaker)| (key, state(&breaker))).collect()
    }

    /// Returns the number of calls that shared a state with others, because there were as many keys as may be.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.circuits.desk().overflows()
    }

    /// Returns how often a key stayed closed although its calls failed, because too many keys were open.
    #[must_use]
    pub fn held_closed(&self) -> u64 {
        self.circuits.desk().held_closed()
    }

    /// Returns the state now. In a layer with keys, this is the worst: one that rejects calls, if there is any.
    #[must_use]
    pub fn state(&self) -> State {
        self.snapshot().state
    }

    /// Returns the state now, with the counts behind it. In a layer with keys, the counts of all are added up.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        if let Some(one) = &self.one {
            return one.snapshot(now);
        }
        let shared = self.circuits.one().snapshot(now);
        self.keyed_breakers().map(|breaker| breaker.snapshot(now)).fold(shared, summary::add)
    }

    /// Forces the breaker open: every call is rejected until [`unforce`](Self::unforce).
    pub fn force_open(&self) {
        let now = Instant::now();
        self.each(|breaker| breaker.force(true, now));
    }

    /// Forces the breaker closed: no failure opens it until [`unforce`](Self::unforce).
    pub fn force_closed(&self) {
        let now = Instant::now();
        self.each(|breaker| breaker.force(false, now));
    }

    /// Ends a forced state: the breaker is closed, and its counts begin again from zero.
    pub fn unforce(&self) {
        let now = Instant::now();
        self.each(|breaker| breaker.unforce(now));
    }

    /// Closes the breaker and forgets its counts.
    pub fn reset(&self) {
        let now = Instant::now();
        self.each(|breaker| breaker.reset(now));
    }

    /// Takes over the settings of `layer`, also those of keys: conditions, open time, probes, shadow, `max_keys` and
    /// `max_open`. States and open times stay, and counts begin again from zero, unless the settings are those in
    /// effect. Name, key, classifier, observer and whether the layer is enabled do not change.
    pub fn settings<K>(&self, layer: &CircuitBreakerLayer<K>) {
        let enabled = self.circuits.shared().config().enabled;
        self.circuits.replace(Config { enabled, ..*layer.config() });
    }

    /// Returns a subscription to the states from now on. Of several changes between two readings, the last one is seen.
    /// In a layer with keys, subscribe with the handle of a key: that of the layer has the state that calls without a
    /// key share.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let breaker = self.one.as_ref().unwrap_or_else(|| self.circuits.one());
        Subscription::new(breaker.subscribe())
    }

    /// Returns the state for a health registry: degraded, with the reason, while the breaker is open or half-open, even
    /// without calls; else pass. It never fails, because an upstream that fails must not take its callers down.
    #[must_use]
    pub fn check_state(&self) -> CheckState {
        check::state(self.name(), &self.snapshot(), self.keyed())
    }

    /// Returns the number of keys, and that of those that are open or half-open, in a layer with keys.
    fn keyed(&self) -> Option<(usize, usize)> {
        let desk = self.circuits.desk();
        (self.one.is_none() && self.circuits.is_keyed()).then(|| (desk.keys(), desk.open()))
    }

    /// Changes the breakers.
    fn each(&self, work: impl Fn(&Breaker)) {
        if let Some(one) = &self.one {
            return work(one);
        }
        // The shared one first: a key that is new meanwhile is in the list of keys, or follows the shared one.
        work(self.circuits.one());
        self.keyed_breakers().for_each(|breaker| work(&breaker));
    }

    fn keyed_breakers(&self) -> impl Iterator<Item = Arc<Breaker>> {
        self.circuits.keys().into_iter().flat_map(Keys::all).map(|(_, breaker)| breaker)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("circuits", &self.circuits).finish_non_exhaustive()
    }
}
