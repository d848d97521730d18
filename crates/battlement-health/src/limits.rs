use std::time::Duration;

use battlement_core::InvalidField;

/// The subject of a `ConfigError`.
pub(crate) const SETTINGS: &str = "health settings";

/// The longest time. Times within it cannot overflow an instant.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Settings of a check, each of which may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) critical: Option<bool>,
    pub(crate) interval: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) fail_after: Option<u32>,
    pub(crate) recover_after: Option<u32>,
    pub(crate) stale_after: Option<Duration>,
}

/// The complete settings of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) critical: bool,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) fail_after: u32,
    pub(crate) recover_after: u32,
    pub(crate) stale_after: Duration,
}

impl Limits {
    /// Returns these settings, and those of `other` where these are absent.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            critical: self.critical.or(other.critical),
            interval: self.interval.or(other.interval),
            timeout: self.timeout.or(other.timeout),
            fail_after: self.fail_after.or(other.fail_after),
            recover_after: self.recover_after.or(other.recover_after),
            stale_after: self.stale_after.or(other.stale_after),
        }
    }

    /// Returns the complete settings, with the defaults for those that are absent.
    pub(crate) fn rules(self) -> Rules {
        let interval = self.interval.unwrap_or(Duration::from_secs(10));
        Rules {
            critical: self.critical.unwrap_or(false),
            interval,
            timeout: self.timeout.unwrap_or(Duration::from_secs(2).min(interval)),
            fail_after: self.fail_after.unwrap_or(3),
            recover_after: self.recover_after.unwrap_or(1),
            stale_after: self.stale_after.unwrap_or(interval.saturating_mul(3)),
        }
    }

    /// Returns every invalid setting.
    pub(crate) fn invalid_fields(self) -> Vec<InvalidField> {
        let Rules { interval, timeout, fail_after, recover_after, stale_after, .. } = self.rules();
        if interval.is_zero() || interval > MAX {
            let message =
                format!("must be greater than zero and at most {MAX:?}, got {interval:?}");
            return vec![InvalidField::new("interval", message)];
        }
        let mut invalid = Vec::new();
        if timeout.is_zero() || timeout > interval {
            let message = format!(
                "must be greater than zero and at most `interval`, {interval:?}, got {timeout:?}"
            );
            invalid.push(InvalidField::new("timeout", message));
        }
        for (field, runs) in [("fail_after", fail_after), ("recover_after", recover_after)] {
            if runs == 0 {
                invalid.push(InvalidField::new(field, "must be at least 1, got 0"));
            }
        }
        // The ends of two runs can be an interval with its jitter and the longest run apart.
        let least = (2 * interval).max(interval + interval / 10 + timeout.min(interval));
        if stale_after < least || stale_after > 3 * MAX {
            let message = format!(
                "must be at least {least:?}, the longer of two intervals and 110 % of `interval` plus `timeout`, \
                 and at most {:?}, got {stale_after:?}",
                3 * MAX
            );
            invalid.push(InvalidField::new("stale_after", message));
        }
        invalid
    }
}
