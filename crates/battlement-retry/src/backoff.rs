use std::time::Duration;

use battlement_core::{ConfigError, InvalidField};

use crate::random::up_to;

#[cfg(test)]
mod tests;

/// The random part of a wait, which keeps clients that failed together from retrying together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Jitter {
    /// From zero to the exponential wait: the widest spread, with half of the wait on average.
    #[default]
    Full,
    /// From half of the exponential wait to all of it: no retry follows at once.
    Equal,
    /// From the base to three times the previous wait.
    Decorrelated,
}

/// Exponential backoff with jitter: the wait before each retry.
///
/// The exponential wait is the base before the first retry and doubles for each further one, up to the cap. The jitter
/// is drawn for each retry of each call in nanoseconds, also where the exponential wait has reached the cap. The type
/// is pure: the random number is an argument.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_retry::{Backoff, Jitter};
///
/// let (base, cap) = (Duration::from_millis(25), Duration::from_millis(250));
/// assert_eq!(Backoff::default(), Backoff::new(Jitter::Full, base, cap));
/// // The exponential wait before the third retry is 100 ms, and the random number is half of the largest.
/// let wait = Backoff::default().wait(3, None, u64::MAX / 2);
/// assert_eq!(wait.as_millis(), 50);
/// assert!(Backoff::try_new(Jitter::Equal, cap, base).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    jitter: Jitter,
    base: u64,
    cap: u64,
}

/// The subject of the errors.
const SETTINGS: &str = "backoff";

impl Backoff {
    /// Creates a backoff with waits from `base`, which must be greater than zero, up to `cap`.
    ///
    /// # Panics
    ///
    /// If [`try_new`](Self::try_new) returns an error.
    #[must_use]
    pub fn new(jitter: Jitter, base: Duration, cap: Duration) -> Self {
        Self::try_new(jitter, base, cap).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a backoff, or returns every error; see [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// If `base` is zero, if `cap` is less than `base` (with [`Jitter::Decorrelated`] also if they are equal, because
    /// then every wait would be the same), or if a wait overflows 64 bits of nanoseconds, which are 584 years.
    pub fn try_new(jitter: Jitter, base: Duration, cap: Duration) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        if base.is_zero() {
            errors.push(InvalidField::new("base", "must be greater than zero"));
        }
        let (nanos, most) = (nanos("base", base, &mut errors), nanos("cap", cap, &mut errors));
        if cap < base {
            let message = format!("must be at least `base` ({base:?}), got {cap:?}");
            errors.push(InvalidField::new("cap", message));
        } else if cap == base && jitter == Jitter::Decorrelated {
            let message = format!("must be greater than `base` ({base:?}) for decorrelated jitter");
            errors.push(InvalidField::new("cap", message));
        }
        ConfigError::check(SETTINGS, errors, Self { jitter, base: nanos, cap: most })
    }

    /// Returns the default for answers that say that the service is overloaded: 500 ms to 5 s with [`Jitter::Equal`],
    /// so that no client returns at once.
    #[must_use]
    pub const fn overload() -> Self {
        Self { jitter: Jitter::Equal, base: 500 * MILLISECOND, cap: 5_000 * MILLISECOND }
    }

    /// Returns the wait before a retry.
    ///
    /// `retry` is its number, from 1. `previous` is the wait before the previous retry of the same call; only
    /// [`Jitter::Decorrelated`] uses it. `random` is a number that is drawn for this wait, evenly from all of `u64`.
    #[must_use]
    pub fn wait(&self, retry: u32, previous: Option<Duration>, random: u64) -> Duration {
        let (least, most) = match self.jitter {
            Jitter::Full => (0, self.exponential(retry)),
            Jitter::Equal => {
                let most = self.exponential(retry);
                (most / 2, most)
            }
            Jitter::Decorrelated => {
                let previous = previous.map_or(0, |wait| saturated(wait.as_nanos()));
                (self.base, previous.max(self.base).saturating_mul(3).min(self.cap))
            }
        };
        Duration::from_nanos(least + up_to(most - least, random))
    }

    /// Returns the jitter.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// Returns the exponential wait before the first retry.
    #[must_use]
    pub const fn base(&self) -> Duration {
        Duration::from_nanos(self.base)
    }

    /// Returns the longest wait.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        Duration::from_nanos(self.cap)
    }

    /// Returns the wait before jitter, in nanoseconds.
    fn exponential(&self, retry: u32) -> u64 {
        let factor = 1_u64.checked_shl(retry.saturating_sub(1)).unwrap_or(u64::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

impl Default for Backoff {
    /// Creates the default: 25 ms doubling to 250 ms with [`Jitter::Full`], as Envoy's.
    fn default() -> Self {
        Self { jitter: Jitter::Full, base: 25 * MILLISECOND, cap: 250 * MILLISECOND }
    }
}

/// Nanoseconds.
const MILLISECOND: u64 = 1_000_000;

fn nanos(field: &str, wait: Duration, errors: &mut Vec<InvalidField>) -> u64 {
    u64::try_from(wait.as_nanos()).unwrap_or_else(|_| {
        errors.push(InvalidField::new(field, format!("must be at most 584 years, got {wait:?}")));
        u64::MAX
    })
}

fn saturated(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX)
}
