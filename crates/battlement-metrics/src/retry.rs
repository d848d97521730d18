//! Metrics of retries: attempts and waits of each client, and what is left of its budget.

mod client;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

pub use self::client::ClientRetries;
use self::client::{Counts, page};
use crate::{Exposition, family::Families, slots::Slots};

/// Metrics of retries, by client. Clones share the same counts; one value is enough for all clients of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_retry_attempts_total`: attempts that have ended, also the first of a call | `client`, `outcome` ([`AttemptOutcome`](battlement_retry::AttemptOutcome), such as `success` and `timeout`) |
/// | `battlement_retry_retries_total`: retries that were decided | `client` |
/// | `battlement_retry_wait_seconds`: the wait before each retry | `client` |
/// | `battlement_retry_stopped_total`: failed calls that went back to the caller | `client`, `reason` ([`StopReason`](battlement_retry::StopReason), such as `budget` and `not_idempotent`) |
/// | `battlement_retry_hedges_total`: copies that a `HedgeLayer` sent | `client` |
/// | `battlement_retry_hedges_won_total`: such copies whose response went back to the caller | `client` |
/// | `battlement_retry_hedges_stopped_total`: copies that were due and were not sent | `client`, `reason` |
/// | `battlement_retry_budget_remaining`: retries left in the budget, read at each scrape; of the authority with the fewest, if each has its own | `client` |
/// | `battlement_retry_budget_authorities` and `battlement_retry_budget_authorities_max`: authorities with a budget of their own, and the number at which further ones share one | `client` |
///
/// Every count is at 0 from the start, because `rate()` does not count the first retry of a series that begins with it.
/// Up to 64 clients have series of their own. Further ones share the series with `otel_metric_overflow="true"`, and
/// `battlement_metrics_overflow_total` counts their attempts.
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, Format, retry::RetryMetrics};
/// use battlement_retry::RetryLayer;
/// use tower::{Layer, service_fn};
///
/// # #[derive(Clone)]
/// # struct Policy;
/// let retries = RetryMetrics::new();
/// let layer = RetryLayer::new(Policy).observe(retries.client("billing"));
/// let billing = layer.layer(service_fn(async |_: u32| Ok::<_, std::io::Error>(7)));
/// let page = Exposition::new().retry(&retries).render(Format::Text);
/// assert!(page.contains(r#"battlement_retry_attempts_total{client="billing",outcome="timeout"} 0"#));
/// assert!(page.contains(r#"battlement_retry_budget_remaining{client="billing"} 10"#));
/// ```
#[derive(Clone)]
pub struct RetryMetrics(Arc<Inner>);

struct Inner {
    clients: Slots<Arc<Counts>>,
    /// The clients beyond the limit.
    rest: OnceLock<Arc<Counts>>,
}

/// The most clients with series of their own.
const MOST: usize = 64;

impl RetryMetrics {
    /// Creates metrics without clients.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner { clients: Slots::new(MOST), rest: OnceLock::new() }))
    }

    /// Returns the observer of the client `name`, for `RetryLayer::observe`, and creates its series at 0. The same name
    /// has the same series.
    #[must_use]
    pub fn client(&self, name: &str) -> ClientRetries {
        let Inner { clients, rest } = &*self.0;
        let named = clients.get_or_insert(name, |one| one.is(name), || Counts::of(name).into());
        let counts = named.map(|(_, counts)| counts);
        let beyond = || rest.get_or_init(|| Counts::beyond().into());
        ClientRetries::new(Arc::clone(counts.unwrap_or_else(beyond)))
    }

    fn gather(&self, families: &mut Families) {
        let rest = self.0.rest.get();
        page(self.0.clients.iter().chain(rest).map(AsRef::as_ref), families);
        let overflowed = rest.map_or(0.0, |counts| counts.attempts());
        families.add_overflow("battlement_retry_attempts_total", overflowed);
    }
}

impl Default for RetryMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetryMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryMetrics")
            .field("clients", &self.0.clients.len())
            .finish_non_exhaustive()
    }
}

impl Exposition {
    /// Shows the metrics of retries.
    #[must_use]
    pub fn retry(self, metrics: &RetryMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("retries", id, move |page| metrics.gather(page))
    }
}
