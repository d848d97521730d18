//! What rate limits decide, and what they keep.

#[cfg(feature = "rate-limit-redis")]
mod redis;

use std::sync::{Arc, Mutex, PoisonError};

use battlement_rate_limit::{Decision, Handle, Observe, Source};

#[cfg(feature = "rate-limit-redis")]
pub use self::redis::RedisMetrics;
use crate::{
    Exposition,
    family::{Families, Family, Kind, Labels, Value},
    labelled::Labelled,
};

/// Counts what rate limits decide. A clone is the same counts: one is enough for all limits of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_rate_limit_decisions_total` | `policy`, `decision` (`allow`, `deny`, `shadow_deny`), `source` (who decided) |
/// | `battlement_rate_limit_missing_keys_total`: requests without a key | |
/// | `battlement_rate_limit_cells`: keys that are held, times their policies | `limiter` |
/// | `battlement_rate_limit_overflows_total`: decisions that new keys shared, since memory was full | `limiter` |
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, Format, rate_limit::RateLimitMetrics};
/// use battlement_rate_limit::{Key, Policy, RateLimitLayer};
///
/// let limits = RateLimitMetrics::new();
/// let (layer, handle) = RateLimitLayer::new([Policy::per_minute("orders", 60)], Key::client_ip())
///     .observe(limits.clone())
///     .pair();
/// limits.watch("client", &handle);
/// let page = Exposition::new().rate_limit(&limits).render(Format::Text);
/// assert!(page.contains(r#"decisions_total{policy="orders",decision="deny",source="memory"} 0"#));
/// ```
#[derive(Clone, Debug)]
pub struct RateLimitMetrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    decisions: Labelled<3>,
    missing_keys: Labelled<0>,
    watched: Mutex<Vec<(Box<str>, Handle)>>,
}

impl RateLimitMetrics {
    /// Nothing counted so far.
    #[must_use]
    pub fn new() -> Self {
        let decisions = Labelled::new(
            "battlement_rate_limit_decisions",
            "Decisions of rate limits.",
            ["policy", "decision", "source"],
        );
        let help = "Requests that had no key to limit them by.";
        let missing_keys = Labelled::new("battlement_rate_limit_missing_keys", help, []);
        missing_keys.add([], 0);
        Self(Arc::new(Inner { decisions, missing_keys, watched: Mutex::default() }))
    }

    /// Also shows what a limiter keeps, under a name of yours, and each of its policies at 0: a series that
    /// is born with its first denial hides that denial from `rate()`.
    pub fn watch(&self, limiter: &str, handle: &Handle) {
        for policy in handle.policies().iter() {
            let refused = if policy.is_shadow() { Decision::ShadowDeny } else { Decision::Deny };
            for decision in [Decision::Allow, refused] {
                let source = Source::Memory.as_str();
                self.0.decisions.add([policy.name(), decision.as_str(), source], 0);
            }
        }
        let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push((limiter.into(), handle.clone()));
    }

    fn gather(&self, page: &mut Families) {
        self.0.decisions.gather(page);
        self.0.missing_keys.gather(page);
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut cells = Family::new("battlement_rate_limit_cells", Kind::Gauge, CELLS);
        let mut full = Family::new("battlement_rate_limit_overflows", Kind::Counter, OVERFLOWS);
        for (limiter, handle) in watched {
            let labels: Labels = vec![("limiter".into(), limiter.into())];
            let memory = handle.memory();
            #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
            let (held, overflows) = (memory.held() as f64, memory.overflows() as f64);
            cells.add(labels.clone(), Value::Number(held));
            full.add(labels, Value::Number(overflows));
        }
        page.add(cells);
        page.add(full);
    }
}

const CELLS: &str = "Keys that are held in memory, times their policies.";
const OVERFLOWS: &str = "Decisions by a cell that new keys share, since memory was full.";

impl Default for RateLimitMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observe for RateLimitMetrics {
    fn on_decision(&self, policy: &str, decision: Decision, source: Source) {
        self.0.decisions.add([policy, decision.as_str(), source.as_str()], 1);
    }

    fn on_missing_key(&self) {
        self.0.missing_keys.add([], 1);
    }
}

impl Exposition {
    /// Shows what rate limits decide.
    #[must_use]
    pub fn rate_limit(self, metrics: &RateLimitMetrics) -> Self {
        let metrics = metrics.clone();
        self.families(move |page| metrics.gather(page))
    }
}
