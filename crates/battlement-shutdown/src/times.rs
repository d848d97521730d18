mod schedule;

use std::{env, time::Duration};

use battlement_core::{ConfigError, InvalidField};

pub(crate) use self::schedule::Schedule;

/// The subject of a `ConfigError`.
pub(crate) const SETTINGS: &str = "shutdown settings";

/// The longest budget. Times within it cannot overflow an instant.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest times of the phases of a shutdown, and the budget for all of them.
///
/// A phase ends early if nothing is left to do in it, except for the delay. [`Shutdown::try_new`] checks that the sum
/// is within the budget.
///
/// [`Shutdown::try_new`]: crate::Shutdown::try_new
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_shutdown::Times;
///
/// let times = Times::new().delay(Duration::from_secs(10)).drain(Duration::from_secs(40));
/// assert_eq!(
///     times.check().unwrap_err().to_string(),
///     "shutdown settings: drain: must be at most `budget`, 28s, got 40s; budget: must be at least 55.5s, the sum of \
///      `delay` (10s), `linger` (500ms), `drain` (40s) and `hooks` (5s), got 28s",
/// );
/// assert!(times.budget(Duration::from_secs(58)).check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Times {
    pub(crate) delay: Duration,
    pub(crate) linger: Duration,
    pub(crate) drain: Duration,
    pub(crate) hooks: Duration,
    pub(crate) budget: Duration,
}

impl Times {
    /// Creates the default times. The delay is 5 s if `KUBERNETES_SERVICE_HOST` is set, as it is in every pod of
    /// Kubernetes, and otherwise zero.
    pub fn new() -> Self {
        Self::of(env::var_os("KUBERNETES_SERVICE_HOST").is_some())
    }

    const fn of(in_kubernetes: bool) -> Self {
        Self {
            delay: Duration::from_secs(if in_kubernetes { 5 } else { 0 }),
            linger: Duration::from_millis(500),
            drain: Duration::from_secs(15),
            hooks: Duration::from_secs(5),
            budget: Duration::from_secs(28),
        }
    }

    /// Sets how long the process is unready and still accepts connections, until balancers have noticed.
    /// Default: 5 s in Kubernetes, else zero.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets how long fresh and idle connections may still send a request after accepting has ended. Default: 500 ms.
    pub const fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Sets how long requests in flight, guards and streams may take to end. Default: 15 s.
    pub const fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets how long all hooks together may take. Default: 5 s.
    pub const fn hooks(mut self, hooks: Duration) -> Self {
        self.hooks = hooks;
        self
    }

    /// Sets the time of the whole shutdown, after which the process exits in any case. Default: 28 s, below the grace
    /// period of Kubernetes, 30 s.
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Checks that each time, and the sum of all, is within the budget.
    ///
    /// # Errors
    ///
    /// With every value that exceeds the budget.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check(SETTINGS, self.invalid_fields(), ())
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let Self { delay, linger, drain, hooks, budget } = *self;
        if budget.is_zero() || budget > MAX {
            let message = format!("must be greater than zero and at most {MAX:?}, got {budget:?}");
            return vec![InvalidField::new("budget", message)];
        }
        let times = [("delay", delay), ("linger", linger), ("drain", drain), ("hooks", hooks)];
        let mut invalid: Vec<_> = times
            .into_iter()
            .filter(|(_, time)| *time > budget)
            .map(|(field, time)| {
                InvalidField::new(
                    field,
                    format!("must be at most `budget`, {budget:?}, got {time:?}"),
                )
            })
            .collect();
        let sum = times.iter().fold(Duration::ZERO, |sum, (_, time)| sum.saturating_add(*time));
        if sum > budget {
            let message = format!(
                "must be at least {sum:?}, the sum of `delay` ({delay:?}), `linger` ({linger:?}), `drain` ({drain:?}) \
                 and `hooks` ({hooks:?}), got {budget:?}"
            );
            invalid.push(InvalidField::new("budget", message));
        }
        invalid
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn invalid(times: Times) -> Vec<String> {
        times.invalid_fields().iter().map(|field| field.field().to_owned()).collect()
    }

    #[test]
    fn the_default_times_fit_into_the_grace_period_of_kubernetes() {
        let (pod, local) = (Times::of(true), Times::of(false));
        assert_eq!((pod.delay, local.delay), (secs(5), secs(0)));
        assert_eq!(pod.delay(secs(0)), local);
        assert!(pod.check().is_ok() && pod.budget < secs(30));
    }

    #[test]
    fn every_time_that_exceeds_the_budget_is_named() {
        let times = Times::of(false).budget(secs(4));
        assert_eq!(invalid(times), ["drain", "hooks", "budget"]);
        assert_eq!(invalid(times.delay(secs(5)).linger(secs(6))).len(), 5);
        assert_eq!(invalid(times.drain(secs(4)).hooks(secs(4))), ["budget"]);
        assert_eq!(invalid(times.budget(Duration::ZERO)), ["budget"]);
        assert_eq!(MAX, secs(86_400), "a day");
        assert_eq!(invalid(times.budget(MAX)), [""; 0]);
        assert_eq!(invalid(times.budget(MAX + Duration::from_nanos(1))), ["budget"]);
        assert_eq!(invalid(times.delay(Duration::MAX)), ["delay", "drain", "hooks", "budget"]);
    }

    #[test]
    fn a_sum_equal_to_the_budget_is_valid() {
        let times = Times::of(false).delay(secs(1)).linger(secs(2)).drain(secs(3)).hooks(secs(4));
        assert_eq!(invalid(times.budget(secs(10))), [""; 0]);
        assert!(times.budget(secs(10)).check().is_ok());
        let short = times.budget(secs(10) - Duration::from_nanos(1));
        assert_eq!(invalid(short), ["budget"]);
        assert_eq!(short.check().unwrap_err().fields().len(), 1);
    }
}
