//! Metrics of rate limits: their decisions and their state.

#[cfg(feature = "rate-limit-redis")]
mod redis;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use battlement_rate_limit::{Decision, Handle, Observe, Policies, Policy, Source, Store, Usage};

#[cfg(feature = "rate-limit-redis")]
pub use self::redis::RedisMetrics;
use crate::{
    Exposition,
    family::{Families, Family, Kind, Labels, Value},
    labelled::Labelled,
};

/// Metrics of rate limit decisions. Clones share the same counts; one value is enough for all limits of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_rate_limit_decisions_total` | `policy`, `decision` (`allow`, `deny`, `shadow_deny`), `source` (the store, or the part of it, that decided) |
/// | `battlement_rate_limit_missing_keys_total`: requests without a key | |
/// | `battlement_rate_limit_cells`: cells in memory, one for each key and policy | `limiter` |
/// | `battlement_rate_limit_overflows_total`: decisions by cells that new keys share, because the memory is full or their network has used its share | `limiter` |
/// | `battlement_rate_limit_denied_keys`: keys cached as denied, of limits in Redis | `limiter` |
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
    watched: Mutex<Vec<Watched>>,
}

#[derive(Clone, Debug)]
struct Watched {
    name: Box<str>,
    limiter: Arc<dyn ReportsUsage>,
}

/// A limiter with any store.
trait ReportsUsage: fmt::Debug + Send + Sync {
    fn usage(&self) -> Usage;
}

impl<St: Store> ReportsUsage for Handle<St> {
    fn usage(&self) -> Usage {
        self.store().usage()
    }
}

impl RateLimitMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let decisions = Labelled::new(
            "battlement_rate_limit_decisions",
            "Decisions of rate limits.",
            ["policy", "decision", "source"],
        );
        let help = "Requests without a rate limit key, handled by the configured `without_key`.";
        let missing_keys = Labelled::new("battlement_rate_limit_missing_keys", help, []);
        missing_keys.add([], 0);
        Self(Arc::new(Inner { decisions, missing_keys, watched: Mutex::default() }))
    }

    /// Shows the state of a limiter in this process, labelled `limiter`, and creates the series of each of its
    /// policies at 0, because `rate()` does not count the first denial of a series that begins with it.
    pub fn watch<St: Store>(&self, limiter: &str, handle: &Handle<St>) {
        self.watch_tier(handle, &handle.policies());
        let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Watched { name: limiter.into(), limiter: Arc::new(handle.clone()) });
    }

    /// Creates the series of policies at 0 that a limiter applies to some requests only, such as those of a customer
    /// tier.
    pub fn watch_tier<St: Store>(&self, handle: &Handle<St>, policies: &Policies) {
        for policy in policies.iter() {
            for source in handle.store().sources() {
                for decision in [Decision::Allow, Decision::Deny { wait: None }] {
                    let labels = [policy.name(), decision.label(policy), source.as_str()];
                    self.0.decisions.add(labels, 0);
                }
            }
        }
    }

    fn gather(&self, page: &mut Families) {
        self.0.decisions.gather(page);
        self.0.missing_keys.gather(page);
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut cells = Family::new("battlement_rate_limit_cells", Kind::Gauge, CELLS);
        let mut full = Family::new("battlement_rate_limit_overflows", Kind::Counter, OVERFLOWS);
        let mut denied = Family::new("battlement_rate_limit_denied_keys", Kind::Gauge, DENIED);
        for Watched { name, limiter } in watched {
            let labels: Labels = vec![("limiter".into(), name.into())];
            let usage = limiter.usage();
            cells.add(labels.clone(), number(usage.cells as u64));
            full.add(labels.clone(), number(usage.overflows));
            if let Some(denials) = usage.denials {
                denied.add(labels, number(denials as u64));
            }
        }
        for family in [cells, full, denied] {
            page.add(family);
        }
    }
}

const CELLS: &str = "Cells in memory, one for each key and policy.";
const OVERFLOWS: &str = "Decisions by shared cells, used by new keys if the memory is full or their network has used its share.";
const DENIED: &str = "Keys cached as denied, which are not sent to Redis.";

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
const fn number(number: u64) -> Value {
    Value::Number(number as f64)
}

impl Default for RateLimitMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observe for RateLimitMetrics {
    fn on_decision(&self, policy: &Policy, decision: Decision, source: Source) {
        let labels = [policy.name(), decision.label(policy), source.as_str()];
        self.0.decisions.add(labels, 1);
    }

    fn on_missing_key(&self) {
        self.0.missing_keys.add([], 1);
    }
}

impl Exposition {
    /// Shows the decisions of rate limits.
    #[must_use]
    pub fn rate_limit(self, metrics: &RateLimitMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("rate limits", id, move |page| metrics.gather(page))
    }
}
