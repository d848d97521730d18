use std::{collections::VecDeque, fmt, sync::Arc};

use battlement_core::catch_panic;

use crate::{
    Observe, Status, Transition,
    sync::{Mutex, lock},
};

/// A queue of transitions for the log and the observer, in the order in which they happened.
///
/// Transitions are delivered by one thread at a time and outside of every lock, so that an observer can use the
/// registry.
pub(super) struct Outbox {
    observe: Option<Arc<dyn Observe>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    pending: VecDeque<Transition>,
    is_delivering: bool,
}

impl Outbox {
    pub(super) fn new(observe: Option<Arc<dyn Observe>>) -> Self {
        Self { observe, queue: Mutex::new(Queue::default()) }
    }

    pub(super) fn observe(&self) -> Option<&dyn Observe> {
        self.observe.as_deref()
    }

    pub(super) fn push(&self, transition: Transition) {
        lock(&self.queue).pending.push_back(transition);
    }

    /// Delivers all transitions, unless another call does.
    pub(super) fn deliver(&self) {
        if self.begin() {
            while let Some(transition) = self.next() {
                // An observer that panics must not stop the deliveries.
                let _ = catch_panic(|| self.tell(&transition));
            }
        }
    }

    fn begin(&self) -> bool {
        let mut queue = lock(&self.queue);
        let begins = !queue.is_delivering && !queue.pending.is_empty();
        queue.is_delivering |= begins;
        begins
    }

    fn next(&self) -> Option<Transition> {
        let mut queue = lock(&self.queue);
        let next = queue.pending.pop_front();
        queue.is_delivering = next.is_some();
        next
    }

    fn tell(&self, transition: &Transition) {
        log(transition);
        if let Some(observe) = &self.observe {
            observe.on_transition(transition);
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

fn log(transition: &Transition) {
    let Transition { name, from, to, reason, after, .. } = transition;
    let from = from.map_or("unknown", Status::as_str);
    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    if *to == Status::Pass {
        tracing::info!(%name, from, to = to.as_str(), %reason, after_ms, "health changed");
    } else {
        tracing::warn!(%name, from, to = to.as_str(), %reason, after_ms, "health changed");
    }
}
