//! The health of the shop, which probes ask for.
//!
//! Payments, inventory and Redis degrade the shop and do not fail it: all instances share them, and if their failure made
//! instances unready, it would take all of them out at once. Without payments the shop still lists its products.

use std::{str::FromStr, time::Duration};

use battlement::{
    circuit_breaker::Handle,
    health::{Check, ConfigError, Health, HealthBuilder, RunCheck, checks},
    shutdown::Phases,
};

use crate::config::BaseUrl;

/// The delay of a task from which the shop is degraded: handlers block the threads of the runtime.
const LATE: Duration = Duration::from_millis(500);

/// Creates the registry, and starts the checks on the current runtime. The shop is unready from the first phase of its
/// shutdown on.
pub fn of(
    interval: HealthInterval,
    phases: Phases,
    dependencies: impl IntoIterator<Item = Check>,
) -> Result<Health, ConfigError> {
    let own = [
        Check::new("memory", checks::memory()),
        Check::new("open-files", checks::open_files()),
        checks::scheduling_delay(LATE),
    ];
    let health =
        Health::builder().interval(interval.0).phases(phases).version(env!("CARGO_PKG_VERSION"));
    dependencies.into_iter().chain(own).fold(health, HealthBuilder::check).try_build()
}

/// Returns the check of a service that the shop calls: its circuit breaker is closed, and it accepts connections. The
/// connection also shows a failure while there are no calls.
pub fn upstream(name: &'static str, breaker: Handle, url: &BaseUrl) -> Result<Check, ConfigError> {
    let connection = checks::Tcp::try_new(url.address())?;
    Ok(Check::new(name, move || {
        let (breaker, connection) = (breaker.clone(), connection.clone());
        async move { connection.run().await.worst(breaker.check_state()) }
    }))
}

/// The time between two runs of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthInterval(Duration);

impl HealthInterval {
    pub const EXPECTED: &str = "a number of milliseconds, from 100 to 3600000";
    const MS: std::ops::RangeInclusive<u64> = 100..=3_600_000;
}

impl FromStr for HealthInterval {
    type Err = InvalidHealthInterval;

    fn from_str(text: &str) -> Result<Self, InvalidHealthInterval> {
        let ms = text.parse().ok().filter(|ms| Self::MS.contains(ms));
        ms.map(Duration::from_millis).map(Self).ok_or(InvalidHealthInterval)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct InvalidHealthInterval;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_neither_a_busy_loop_nor_longer_than_an_hour() {
        assert_eq!("100".parse(), Ok(HealthInterval(Duration::from_millis(100))));
        assert_eq!("3600000".parse(), Ok(HealthInterval(Duration::from_secs(3600))));
        for text in ["", "0", "99", "-100", "10s", "3600001", "18446744073709551616"] {
            assert_eq!(text.parse::<HealthInterval>(), Err(InvalidHealthInterval), "{text}");
        }
    }
}
