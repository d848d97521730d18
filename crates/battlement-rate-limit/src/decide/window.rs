use std::time::Duration;

/// A quota for windows of one length, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(super) quota: u32,
    pub(super) period: u64,
}

impl Window {
    /// The period was checked to fit.
    pub(crate) fn new(quota: u32, period: Duration) -> Self {
        Self { quota, period: u64::try_from(period.as_nanos()).unwrap_or(u64::MAX / 4) }
    }

    #[cfg(feature = "redis")]
    pub(super) const fn numbers(&self, kind: u8) -> super::Numbers {
        super::Numbers { kind, nanos: self.period, units: self.quota }
    }

    #[cfg(feature = "redis")]
    pub(super) fn in_micros(&self) -> Self {
        Self { quota: self.quota, period: self.period.next_multiple_of(1_000) }
    }
}
