use std::{fmt, sync::Arc};

use battlement_circuit_breaker::{
    CallOutcome, Failure, FallbackOutcome, Observe, State, Transition,
};

use crate::{
    family::{Families, Family, Kind, Labels, Value},
    gauge::Gauge,
    shard,
};

/// The observer of one circuit breaker, created by
/// [`CircuitBreakerMetrics::breaker`](super::CircuitBreakerMetrics::breaker).
///
/// If several layers have it, their counts are added up.
#[derive(Clone)]
pub struct BreakerCounts(Arc<Counts>);

/// The counts of one breaker.
pub(super) struct Counts {
    /// The name; `None` for the breakers beyond the limit.
    name: Option<Box<str>>,
    states: [Gauge; State::ALL.len()],
    transitions: [Gauge; State::ALL.len()],
    calls: [Gauge; CallOutcome::ALL.len()],
    rejections: Gauge,
    shadow_rejections: Gauge,
    overflows: Gauge,
    held_closed: Gauge,
    fallbacks: [Gauge; FallbackOutcome::ALL.len()],
}

const STATES: &str = "Keys in each state; a breaker without keys has one.";
const TRANSITIONS: &str = "Changes of the state, by the new state.";
const CALLS: &str = "Calls that were let through, by verdict.";
const REJECTIONS: &str = "Calls that were not made.";
const SHADOW_REJECTIONS: &str = "Calls that were made only because the breaker is a shadow.";
const OVERFLOWS: &str = "Calls that shared a state, since there were as many keys as may be.";
const HELD_CLOSED: &str = "Openings that did not happen, since too many keys were open.";
const FALLBACKS: &str = "Failed calls for which a fallback was to answer, by its outcome.";

impl BreakerCounts {
    pub(super) const fn new(counts: Arc<Counts>) -> Self {
        Self(counts)
    }
}

impl Observe for BreakerCounts {
    fn key_added(&self) {
        change(&self.0.states, &State::ALL, State::Closed, 1);
    }

    fn key_removed(&self, state: State) {
        change(&self.0.states, &State::ALL, state, -1);
    }

    fn transition(&self, transition: &Transition) {
        let Counts { states, transitions, .. } = &*self.0;
        change(states, &State::ALL, transition.from, -1);
        change(states, &State::ALL, transition.to, 1);
        change(transitions, &State::ALL, transition.to, 1);
    }

    fn judged(&self, outcome: CallOutcome) {
        change(&self.0.calls, &CallOutcome::ALL, outcome, 1);
    }

    fn rejected(&self) {
        self.0.rejections.add(shard::mine(), 1);
    }

    fn shadowed(&self) {
        self.0.shadow_rejections.add(shard::mine(), 1);
    }

    fn overflowed(&self) {
        self.0.overflows.add(shard::mine(), 1);
    }

    fn held_closed(&self) {
        self.0.held_closed.add(shard::mine(), 1);
    }

    fn fell_back(&self, _: Failure, outcome: FallbackOutcome) {
        change(&self.0.fallbacks, &FallbackOutcome::ALL, outcome, 1);
    }
}

/// Changes the count of `one`, whose place in `all` it has.
fn change<T: PartialEq, const N: usize>(counts: &[Gauge; N], all: &[T; N], one: T, by: i64) {
    if let Some(place) = all.iter().position(|each| *each == one) {
        counts[place].add(shard::mine(), by);
    }
}

impl Counts {
    pub(super) fn of(name: &str) -> Self {
        Self { name: Some(name.into()), ..Self::beyond() }
    }

    /// Creates the counts of the breakers beyond the limit.
    pub(super) fn beyond() -> Self {
        let shards = shard::default_count();
        Self {
            name: None,
            states: std::array::from_fn(|_| Gauge::new(shards)),
            transitions: std::array::from_fn(|_| Gauge::new(shards)),
            calls: std::array::from_fn(|_| Gauge::new(shards)),
            rejections: Gauge::new(shards),
            shadow_rejections: Gauge::new(shards),
            overflows: Gauge::new(shards),
            held_closed: Gauge::new(shards),
            fallbacks: std::array::from_fn(|_| Gauge::new(shards)),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Returns the number of calls.
    pub(super) fn calls(&self) -> f64 {
        self.calls.iter().map(number).sum()
    }

    fn labels(&self) -> Labels {
        match &self.name {
            Some(name) => vec![("breaker".into(), String::from(&**name))],
            None => Family::overflow_labels(),
        }
    }

    /// Adds a series for each value of `label`.
    fn add_all<'a>(
        &self,
        family: &mut Family,
        label: &'static str,
        counts: impl Iterator<Item = (&'static str, &'a Gauge)>,
    ) {
        for (value, count) in counts {
            let mut labels = self.labels();
            labels.push((label.into(), value.to_owned()));
            family.add(labels, Value::Number(number(count)));
        }
    }
}

/// Adds the metrics of `breakers`.
pub(super) fn page<'a>(breakers: impl Iterator<Item = &'a Counts>, page: &mut Families) {
    let counter = |name, help| Family::new(name, Kind::Counter, help);
    let mut states = Family::new("battlement_circuit_breaker_state", Kind::Gauge, STATES);
    let mut transitions = counter("battlement_circuit_breaker_transitions", TRANSITIONS);
    let mut calls = counter("battlement_circuit_breaker_calls", CALLS);
    let mut rejections = counter("battlement_circuit_breaker_rejections", REJECTIONS);
    let mut shadow_rejections =
        counter("battlement_circuit_breaker_shadow_rejections", SHADOW_REJECTIONS);
    let mut overflows = counter("battlement_circuit_breaker_overflows", OVERFLOWS);
    let mut held_closed = counter("battlement_circuit_breaker_held_closed", HELD_CLOSED);
    let mut fallbacks = counter("battlement_circuit_breaker_fallbacks", FALLBACKS);
    let names = State::ALL.map(State::as_str);
    let outcomes = CallOutcome::ALL.map(CallOutcome::as_str);
    let fallback = FallbackOutcome::ALL.map(FallbackOutcome::as_str);
    for breaker in breakers {
        breaker.add_all(&mut states, "state", names.into_iter().zip(&breaker.states));
        breaker.add_all(&mut transitions, "state", names.into_iter().zip(&breaker.transitions));
        breaker.add_all(&mut calls, "outcome", outcomes.into_iter().zip(&breaker.calls));
        let counted = fallback.into_iter().zip(&breaker.fallbacks);
        breaker.add_all(&mut fallbacks, "outcome", counted);
        for (family, count) in [
            (&mut rejections, &breaker.rejections),
            (&mut shadow_rejections, &breaker.shadow_rejections),
            (&mut overflows, &breaker.overflows),
            (&mut held_closed, &breaker.held_closed),
        ] {
            family.add(breaker.labels(), Value::Number(number(count)));
        }
    }
    let of_calls = [calls, rejections, shadow_rejections, overflows, fallbacks];
    for family in [states, transitions, held_closed].into_iter().chain(of_calls) {
        page.add(family);
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
fn number(count: &Gauge) -> f64 {
    count.value() as f64
}

impl fmt::Debug for BreakerCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerCounts").field("breaker", &self.0.name).finish_non_exhaustive()
    }
}
