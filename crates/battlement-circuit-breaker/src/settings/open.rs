use battlement_core::InvalidField;
use serde::Deserialize;

use super::time;
use crate::{HalfOpen, OpenFor};

/// The form of [`OpenFor`] in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenForSettings {
    /// The first interval, as `5s`.
    pub first: Option<String>,
    /// The longest interval, as `60s`. If it is absent, it is 60 s, or `first` if that is longer.
    pub cap: Option<String>,
    /// [`OpenFor::jitter`].
    pub jitter: bool,
}

/// The form of [`HalfOpen`] in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HalfOpenSettings {
    /// Whether there are probes. Without them, the breaker closes after the open time.
    pub enabled: bool,
    /// The number of probes, 1 to 1,000.
    pub probes: u32,
    /// The number of probes that must succeed, 1 to `probes`.
    pub successes: u32,
}

impl OpenForSettings {
    pub(super) fn open_for(self, invalid: &mut Vec<InvalidField>) -> OpenFor {
        let default = OpenFor::default();
        let first = time("open_for.first", self.first, default.first, invalid);
        let cap = time("open_for.cap", self.cap, default.cap.max(first), invalid);
        OpenFor::doubling(first, cap).jitter(self.jitter)
    }
}

impl HalfOpenSettings {
    pub(super) fn half_open(self) -> Option<HalfOpen> {
        self.enabled.then(|| HalfOpen::new(self.probes, self.successes))
    }
}

impl Default for OpenForSettings {
    fn default() -> Self {
        Self { first: None, cap: None, jitter: true }
    }
}

impl Default for HalfOpenSettings {
    fn default() -> Self {
        let HalfOpen { probes, successes } = HalfOpen::default();
        Self { enabled: true, probes, successes }
    }
}
