use std::{sync::Arc, time::Duration};

use battlement_core::{InvalidField, LogLimit};
use tokio::time::Instant;

use crate::{
    Backoff, StopReason, Throttle, ThrottleTicket, budgets::Budgets, latency::Latencies,
    observe::Observer, random,
};

/// The checked settings of a layer, and the state that its services share.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    /// The most attempts of a call, the first included.
    pub(crate) attempts: u32,
    pub(crate) backoff: Backoff,
    pub(crate) overload: Backoff,
    pub(crate) longest_wait: Duration,
    pub(crate) budgets: Budgets,
    /// The retries that a retry after a timeout counts for.
    pub(crate) timeout_cost: u32,
    pub(crate) throttle: Option<Throttle>,
    /// Whether the last error becomes `RetriesExhausted`.
    pub(crate) exhausted: bool,
    pub(crate) observer: Observer,
    pub(crate) latencies: Arc<Latencies>,
    pub(crate) log: Arc<LogLimit>,
}

/// The most attempts that can be set.
pub(crate) const MOST_ATTEMPTS: u32 = 100;

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            attempts: 3,
            backoff: Backoff::default(),
            overload: Backoff::overload(),
            longest_wait: Duration::from_secs(2),
            budgets: Budgets::default(),
            timeout_cost: 1,
            throttle: None,
            exhausted: false,
            observer: Observer::default(),
            latencies: Arc::default(),
            log: Arc::new(LogLimit::per(Duration::from_secs(10))),
        }
    }
}

impl Config {
    /// Begins a call in the throttle, if there is one, or counts a call that it rejects.
    pub(crate) fn begin(&self, now: Instant) -> Result<Option<ThrottleTicket>, StopReason> {
        let Some(throttle) = &self.throttle else { return Ok(None) };
        let ticket = throttle.begin(now, random::draw());
        if ticket.is_none()
            && let Some(observer) = self.observer.get()
        {
            observer.stopped(StopReason::Throttled);
        }
        ticket.map(Some).ok_or(StopReason::Throttled)
    }

    /// Returns whether the results of calls that are not repeated must be judged nevertheless.
    pub(crate) fn is_counting(&self) -> bool {
        self.observer.get().is_some() || self.throttle.is_some()
    }
}

/// Returns the error of a number of attempts that cannot be.
pub(crate) fn invalid_attempts(attempts: u32) -> Option<InvalidField> {
    (!(1..=MOST_ATTEMPTS).contains(&attempts)).then(|| {
        let message =
            format!("must be 1 to {MOST_ATTEMPTS}, the first attempt included, got {attempts}");
        InvalidField::new("attempts", message)
    })
}

/// Returns the error of a cost that would allow retries without end.
pub(crate) fn invalid_cost(cost: u32) -> Option<InvalidField> {
    (!(1..=100).contains(&cost))
        .then(|| InvalidField::new("timeout_cost", format!("must be 1 to 100, got {cost}")))
}
