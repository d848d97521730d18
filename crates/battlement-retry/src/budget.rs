use std::{fmt, sync::Arc};

use battlement_core::{ConfigError, InvalidField};
use tokio::time::Instant;

#[cfg(feature = "http")]
mod authorities;
mod permit;
mod window;
mod word;

#[cfg(all(test, battlement_loom))]
mod model;
#[cfg(test)]
mod tests;

#[cfg(feature = "http")]
pub use self::authorities::AuthorityBudgets;
pub use self::permit::BudgetPermit;
use self::window::Window;

/// A limit on retries: a share of the requests of the last 10 seconds, plus a few per second.
///
/// A retry is allowed if the retries of the last 10 seconds, this one included, are at most `ratio` times the requests
/// of the last 10 seconds plus ten times `per_second`. So an upstream that is wholly down receives at most that many
/// more requests, and a client with little traffic can still repeat a call.
///
/// Clones share the budget, so one value can limit several clients of an upstream.
///
/// # Precision
///
/// The window moves in steps of a quarter of a second. Retries count for 10 to 10.25 seconds, and requests for 9.75 to
/// 10 seconds: in no period of 10 seconds are there more retries than the requests of that period allow. The ratio is
/// rounded to a millionth, and the comparison is one of integers: the budget is exact for every ratio, and threads
/// together never exceed it.
///
/// The count of requests stops at 1,048,575 in one window, about 100,000 requests per second; more requests do not
/// allow more retries.
///
/// A request and a retry cost one compare-and-swap of one atomic word. There is no lock.
///
/// # Example
///
/// ```
/// use battlement_retry::Budget;
/// use tokio::time::Instant;
///
/// let (budget, now) = (Budget::new(0.2, 0), Instant::now());
/// for _ in 0..10 {
///     budget.deposit(now);
/// }
/// let first = budget.withdraw(now, 1).unwrap();
/// budget.withdraw(now, 1).unwrap().spend();
/// assert!(budget.withdraw(now, 1).is_none());
/// // The call is dropped before its second attempt, so another call may use the retry.
/// drop(first);
/// assert!(budget.withdraw(now, 1).is_some());
/// ```
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    config: Config,
    window: Window,
}

/// The checked settings.
#[derive(Clone, Copy, Debug)]
struct Config {
    /// The allowed retries per million requests.
    millionths: u64,
    /// The retries that are allowed in a window without any request.
    reserve: u64,
}

/// The subject of the errors.
const SETTINGS: &str = "retry budget";

const MILLION: u64 = 1_000_000;

/// The length of the window.
const SECONDS: u64 = 10;

/// The highest setting of retries per second.
const MOST_PER_SECOND: u32 = 10_000;

impl Budget {
    /// Creates a budget of `ratio` retries per request, from 0 to 1, plus `per_second` retries per second.
    ///
    /// # Panics
    ///
    /// If [`try_new`](Self::try_new) returns an error.
    #[must_use]
    pub fn new(ratio: f64, per_second: u32) -> Self {
        Self::try_new(ratio, per_second).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a budget, or returns every error; see [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// If `ratio` is not a number from 0 to 1, or if `per_second` is more than 10,000.
    pub fn try_new(ratio: f64, per_second: u32) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        if !(0.0..=1.0).contains(&ratio) {
            errors.push(InvalidField::new("ratio", format!("must be 0 to 1, got {ratio}")));
        }
        if per_second > MOST_PER_SECOND {
            let message = format!("must be at most {MOST_PER_SECOND}, got {per_second}");
            errors.push(InvalidField::new("per_second", message));
        }
        // The conversion of a float saturates; an invalid ratio is reported above.
        let millionths = (ratio * MILLION as f64).round() as u64;
        let config = Config { millionths, reserve: u64::from(per_second) * SECONDS };
        ConfigError::check(SETTINGS, errors, ())?;
        let shared = Shared { start: Instant::now(), config, window: Window::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Records a request. Called for the first attempt of each call, and not for retries.
    #[inline]
    pub fn deposit(&self, now: Instant) {
        self.shared.window.deposit(self.slot(now));
    }

    /// Takes a retry from the budget, or returns `None` if the budget is spent.
    ///
    /// `cost` is the number of retries that it counts for: 1, or more for a failure that costs the upstream more, such
    /// as 2 for a timeout. The retry is given back when the permit is dropped, unless it was
    /// [spent](BudgetPermit::spend).
    #[must_use]
    pub fn withdraw(&self, now: Instant, cost: u32) -> Option<BudgetPermit> {
        let slot = self.slot(now);
        let allowed = |requests, retries| self.shared.config.allows(requests, retries);
        let taken = self.shared.window.withdraw(slot, u64::from(cost), allowed)?;
        Some(BudgetPermit::new(self.clone(), taken, cost))
    }

    /// Returns the number of retries that are left.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> u64 {
        let (requests, retries) = self.shared.window.counts(self.slot(now));
        self.shared.config.most(requests).saturating_sub(retries)
    }

    /// Returns whether both are the same budget, as clones are.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Gives back a retry that was taken in the slot `taken`.
    fn give_back(&self, taken: u64, cost: u32) {
        self.shared.window.give_back(taken, u64::from(cost));
    }

    fn slot(&self, now: Instant) -> u64 {
        word::slot(now.saturating_duration_since(self.shared.start))
    }

    /// Returns an empty budget with the same settings.
    #[cfg(feature = "http")]
    pub(crate) fn empty(&self) -> Self {
        let Shared { start, config, .. } = *self.shared;
        Self { shared: Arc::new(Shared { start, config, window: Window::default() }) }
    }
}

/// The default retries per request.
pub(crate) const RATIO: f64 = 0.2;

/// The default retries per second.
pub(crate) const PER_SECOND: u32 = 1;

impl Default for Budget {
    /// Creates the default: 20 % of the requests of the last 10 seconds, plus one retry a second.
    fn default() -> Self {
        Self::new(RATIO, PER_SECOND)
    }
}

impl Config {
    /// Returns the number of retries that a window with so many requests allows.
    const fn most(&self, requests: u64) -> u64 {
        self.reserve + requests * self.millionths / MILLION
    }

    const fn allows(&self, requests: u64, retries: u64) -> bool {
        retries <= self.most(requests)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { millionths, reserve } = self.shared.config;
        f.debug_struct("Budget")
            .field("ratio", &(millionths as f64 / MILLION as f64))
            .field("per_second", &(reserve / SECONDS))
            .finish_non_exhaustive()
    }
}

/// The length of a step of the window in nanoseconds, of which a second has a whole number.
const STEP_NANOS: u32 = 250_000_000;
