use battlement_core::{Phase, Phases};

/// A token by which streams and background tasks see that the process drains.
#[derive(Clone, Debug)]
pub struct DrainToken(Phases);

impl DrainToken {
    pub(crate) const fn new(phases: Phases) -> Self {
        Self(phases)
    }

    /// Returns whether the process is ending.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_draining()
    }

    /// Waits until long-lived work must end: until [`Phase::Draining`].
    pub fn draining(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        self.0.reached(Phase::Draining)
    }
}
