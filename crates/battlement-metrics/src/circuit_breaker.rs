//! Metrics of circuit breakers: their states, the verdicts on calls, and rejections.

mod breaker;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

pub use self::breaker::BreakerCounts;
use self::breaker::{Counts, page};
use crate::{Exposition, family::Families, slots::Slots};

/// Metrics of circuit breakers, by name. Clones share the same counts; one value is enough for all breakers of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_circuit_breaker_state`: keys in each state; 1 or 0 for a breaker without keys | `breaker`, `state` (`closed`, `open`, `half_open`, `forced_open`, `forced_closed`) |
/// | `battlement_circuit_breaker_transitions_total` | `breaker`, `state`: the new one |
/// | `battlement_circuit_breaker_calls_total`: calls that were let through | `breaker`, `outcome` ([`CallOutcome`](battlement_circuit_breaker::CallOutcome), such as `success` and `timeout`) |
/// | `battlement_circuit_breaker_rejections_total`: calls that were not made | `breaker` |
/// | `battlement_circuit_breaker_shadow_rejections_total`: calls that only the shadow mode let through | `breaker` |
/// | `battlement_circuit_breaker_overflows_total`: calls that shared a state, since there were as many keys as may be | `breaker` |
/// | `battlement_circuit_breaker_held_closed_total`: openings that did not happen, since too many keys were open | `breaker` |
/// | `battlement_circuit_breaker_fallbacks_total`: failed calls for which a `FallbackLayer` was to answer | `breaker`, `outcome` ([`FallbackOutcome`](battlement_circuit_breaker::FallbackOutcome), such as `answered`) |
///
/// Every series is at 0 from the start, because `rate()` does not count the first opening of a series that begins with
/// it. Up to 64 breakers have series of their own. Further ones share the series with `otel_metric_overflow="true"`, and
/// `battlement_metrics_overflow_total` counts their calls.
///
/// An open breaker whose open time is over becomes half-open with its next call: without calls, the state is `open`.
///
/// # Example
///
/// ```
/// use battlement_circuit_breaker::CircuitBreakerLayer;
/// use battlement_metrics::{Exposition, Format, circuit_breaker::CircuitBreakerMetrics};
///
/// let breakers = CircuitBreakerMetrics::new();
/// let layer = CircuitBreakerLayer::new("billing").observe(breakers.breaker("billing"));
/// let (layer, handle) = layer.pair();
/// handle.force_open();
/// let page = Exposition::new().circuit_breaker(&breakers).render(Format::Text);
/// assert!(page.contains(r#"battlement_circuit_breaker_state{breaker="billing",state="forced_open"} 1"#));
/// assert!(page.contains(r#"battlement_circuit_breaker_state{breaker="billing",state="closed"} 0"#));
/// ```
#[derive(Clone)]
pub struct CircuitBreakerMetrics(Arc<Inner>);

struct Inner {
    breakers: Slots<Arc<Counts>>,
    /// The breakers beyond the limit.
    rest: OnceLock<Arc<Counts>>,
}

/// The most breakers with series of their own.
const MOST: usize = 64;

impl CircuitBreakerMetrics {
    /// Creates metrics without breakers.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner { breakers: Slots::new(MOST), rest: OnceLock::new() }))
    }

    /// Returns the observer of the breaker `name`, for `CircuitBreakerLayer::observe` and
    /// `FallbackLayer::observe`, and creates its series at 0. The
    /// same name has the same series.
    #[must_use]
    pub fn breaker(&self, name: &str) -> BreakerCounts {
        let Inner { breakers, rest } = &*self.0;
        let named = breakers.get_or_insert(name, |one| one.is(name), || Counts::of(name).into());
        let counts = named.map(|(_, counts)| counts);
        let beyond = || rest.get_or_init(|| Counts::beyond().into());
        BreakerCounts::new(Arc::clone(counts.unwrap_or_else(beyond)))
    }

    fn gather(&self, families: &mut Families) {
        let rest = self.0.rest.get();
        page(self.0.breakers.iter().chain(rest).map(AsRef::as_ref), families);
        let overflowed = rest.map_or(0.0, |counts| counts.calls());
        families.add_overflow("battlement_circuit_breaker_calls_total", overflowed);
    }
}

impl Default for CircuitBreakerMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CircuitBreakerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerMetrics")
            .field("breakers", &self.0.breakers.len())
            .finish_non_exhaustive()
    }
}

impl Exposition {
    /// Shows the metrics of circuit breakers.
    #[must_use]
    pub fn circuit_breaker(self, metrics: &CircuitBreakerMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("circuit breakers", id, move |page| metrics.gather(page))
    }
}
