use std::fmt;

use battlement_core::CheckState;

/// The used part of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) used: u64,
    pub(super) limit: u64,
}

impl Usage {
    /// Returns the used part in percent, rounded down, and 100 of a limit of zero.
    pub(super) fn percent(self) -> u64 {
        match u128::from(self.limit) {
            0 => 100,
            limit => u64::try_from(u128::from(self.used) * 100 / limit).unwrap_or(u64::MAX),
        }
    }

    /// Returns whether a larger part of this resource is used than of `other`.
    pub(super) fn is_fuller_than(self, other: Self) -> bool {
        let part = |usage: Self, limit: u64| u128::from(usage.used) * u128::from(limit);
        part(self, other.limit) > part(other, self.limit)
    }
}

/// The used parts, in percent, from which a resource is scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    pub(super) degrade_at: u8,
    pub(super) fail_at: u8,
}

impl Thresholds {
    /// The defaults of all resources: time to react before the resource is used up, and the last moment.
    pub(super) const DEFAULT: Self = Self { degrade_at: 90, fail_at: 98 };

    /// Returns the state at this usage.
    pub(super) fn state(self, usage: Usage, reason: String) -> CheckState {
        let percent = usage.percent();
        if percent >= self.fail_at.into() {
            CheckState::fail(reason)
        } else if percent >= self.degrade_at.into() {
            CheckState::degraded(reason)
        } else {
            CheckState::pass(reason)
        }
    }
}

/// Returns a percentage that can be a threshold.
///
/// # Panics
///
/// If it is 0, with which the check would never pass, or more than 100.
#[track_caller]
pub(super) const fn threshold(percent: u8) -> u8 {
    assert!(percent >= 1 && percent <= 100, "a threshold must be from 1 to 100 percent");
    percent
}

/// A number of bytes as text, such as `1.5 GiB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    #[expect(clippy::cast_precision_loss, reason = "text with one digit")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let (mut size, mut at) = (self.0 as f64 / 1024.0, 0);
        while size >= 1024.0 {
            (size, at) = (size / 1024.0, at + 1);
        }
        write!(f, "{size:.1} {}", UNITS[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn usage(used: u64, limit: u64) -> Usage {
        Usage { used, limit }
    }

    #[test]
    fn a_resource_is_scarce_from_each_threshold_on() {
        let thresholds = Thresholds { degrade_at: 90, fail_at: 98 };
        for (used, state) in [
            (0, "pass"),
            (899, "pass"),
            (900, "degraded"),
            (979, "degraded"),
            (980, "fail"),
            (2_000, "fail"),
        ] {
            let state_of = thresholds.state(usage(used, 1_000), "reason".to_owned());
            assert_eq!((state_of.as_str(), state_of.reason()), (state, "reason"), "{used}");
        }
        assert_eq!(thresholds.state(usage(0, 0), String::new()).as_str(), "fail");
    }

    #[test]
    fn parts_are_compared_without_overflow() {
        assert_eq!(usage(u64::MAX, u64::MAX).percent(), 100);
        assert_eq!(usage(u64::MAX, 1).percent(), u64::MAX);
        assert!(usage(2, 3).is_fuller_than(usage(u64::MAX / 2, u64::MAX)));
        assert!(
            !usage(1, 2).is_fuller_than(usage(2, 4)) && !usage(1, 3).is_fuller_than(usage(1, 2))
        );
    }

    #[test]
    fn bytes_have_the_largest_unit_of_which_there_is_one() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1024 * 1024, "1.0 MiB"),
            (3 * 512 * 1024 * 1024, "1.5 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    #[should_panic(expected = "a threshold must be from 1 to 100 percent")]
    fn a_threshold_of_zero_is_refused() {
        let _ = threshold(0);
    }

    #[test]
    #[should_panic(expected = "a threshold must be from 1 to 100 percent")]
    fn a_threshold_of_more_than_all_is_refused() {
        let _ = threshold(101);
    }
}
