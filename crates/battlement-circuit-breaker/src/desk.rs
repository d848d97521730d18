//! The reports of a layer: log events, the observer, subscriptions, and the number of open keys.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use battlement_core::Verdict;
use tokio::sync::watch;

use crate::{
    CallOutcome, State, Transition,
    breaker::Report,
    observe::{Observe, Observer},
};

mod log;

/// The fewest keys at which the share of open keys is limited: with three keys, one open key is a third of them.
const FEWEST: usize = 4;

/// The reports of all keys of a layer.
pub(crate) struct Desk {
    name: Box<str>,
    observer: Observer,
    /// Whether keys are logged; one that may be a secret is not.
    logs_keys: bool,
    keys: AtomicUsize,
    open: AtomicUsize,
    held_closed: AtomicU64,
    overflows: AtomicU64,
}

impl Desk {
    pub(crate) fn new(name: &str, observer: Observer, logs_keys: bool) -> Self {
        Self {
            name: name.into(),
            observer,
            logs_keys,
            keys: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            held_closed: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of keys that are open or half-open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    pub(crate) fn keys(&self) -> usize {
        self.keys.load(Relaxed)
    }

    pub(crate) fn held_closed(&self) -> u64 {
        self.held_closed.load(Relaxed)
    }

    pub(crate) fn overflows(&self) -> u64 {
        self.overflows.load(Relaxed)
    }

    /// Reserves a place for a key, of which there are at most `most`.
    pub(crate) fn reserve(&self, most: usize) -> bool {
        let room = |keys| (keys < most).then_some(keys + 1);
        self.keys.fetch_update(Relaxed, Relaxed, room).is_ok()
    }

    /// Gives back the place of a key that was not added.
    pub(crate) fn give_back(&self) {
        self.keys.fetch_sub(1, Relaxed);
    }

    pub(crate) fn added(&self) {
        self.tell(|observer| observer.key_added());
    }

    pub(crate) fn removed(&self, state: State) {
        self.give_back();
        if is_open(state) {
            self.open.fetch_sub(1, Relaxed);
        }
        self.tell(|observer| observer.key_removed(state));
    }

    pub(crate) fn overflowed(&self) {
        self.overflows.fetch_add(1, Relaxed);
        self.tell(|observer| observer.overflowed());
    }

    pub(crate) fn rejected(&self) {
        self.tell(|observer| observer.rejected());
    }

    /// Counts one more open key, if the share of open keys with it is at most `most`.
    fn may_open(&self, most: f64) -> bool {
        let keys = self.keys();
        let is_limited = keys >= FEWEST && most < 1.0;
        let room = |open: usize| {
            let open = open + 1;
            (!is_limited || share(open, keys) <= most).then_some(open)
        };
        self.open.fetch_update(Relaxed, Relaxed, room).is_ok()
    }

    fn tell(&self, tell: impl FnOnce(&dyn Observe)) {
        if let Some(observer) = self.observer.get() {
            tell(observer);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of keys are far below 2⁵²")]
fn share(open: usize, keys: usize) -> f64 {
    open as f64 / keys as f64
}

const fn is_open(state: State) -> bool {
    matches!(state, State::Open | State::HalfOpen)
}

/// The reports of one key.
pub(crate) struct KeyDesk {
    desk: Arc<Desk>,
    /// `None` for the state that keys share.
    key: Option<Box<str>>,
    states: OnceLock<watch::Sender<Numbered>>,
}

/// A state, with the number of the transition to it.
pub(crate) type Numbered = (u64, State);

impl KeyDesk {
    pub(crate) fn boxed(desk: &Arc<Desk>, key: Option<&str>) -> Option<Box<dyn Report>> {
        let (desk, key) = (Arc::clone(desk), key.map(Box::from));
        Some(Box::new(Self { desk, key, states: OnceLock::new() }))
    }
}

impl Report for KeyDesk {
    fn counts_verdicts(&self) -> bool {
        self.desk.observer.get().is_some()
    }

    fn judged(&self, verdict: Verdict) {
        self.desk.tell(|observer| observer.judged(CallOutcome::of(verdict)));
    }

    fn shadowed(&self) {
        self.desk.tell(|observer| observer.shadowed());
    }

    fn may_open(&self, most: f64) -> bool {
        // The state that keys share is not a key.
        self.key.is_none() || self.desk.may_open(most)
    }

    fn held_closed(&self) {
        self.desk.held_closed.fetch_add(1, Relaxed);
        self.desk.tell(|observer| observer.held_closed());
    }

    fn moved(&self, transition: &Transition) {
        if self.key.is_some() && is_open(transition.from) && !is_open(transition.to) {
            self.desk.open.fetch_sub(1, Relaxed);
        }
        let key = self.key.as_deref().filter(|_| self.desk.logs_keys);
        log::moved(&self.desk.name, key, transition);
        self.desk.tell(|observer| observer.transition(transition));
        if let Some(states) = self.states.get() {
            publish(states, (transition.number, transition.to));
        }
    }

    fn subscribe(&self, current: &dyn Fn() -> Numbered) -> watch::Receiver<Numbered> {
        let states = self.states.get_or_init(|| watch::Sender::new(current()));
        let receiver = states.subscribe();
        // A transition since the first reading found no channel.
        publish(states, current());
        receiver
    }
}

/// Publishes a state, unless a later one was published.
fn publish(states: &watch::Sender<Numbered>, new: Numbered) {
    states.send_if_modified(|state| {
        let is_later = new.0 > state.0;
        if is_later {
            *state = new;
        }
        is_later
    });
}
