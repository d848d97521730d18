use battlement_core::CheckState;

use crate::{
    CheckKind, Health,
    probe::Probes,
    registry::{Handle, NewEntry, Source},
};

/// A value that keeps the service unready until it is dropped.
#[derive(Debug)]
#[must_use = "dropping the hold ends it"]
pub struct Hold(Handle);

impl Health {
    /// Makes the service unready until the hold is dropped, for example during maintenance.
    ///
    /// Requests in flight and liveness are not affected. Holds of one name are one entry, which ends with the last one.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken by an entry that is not a hold, or if the registry has 256 entries.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_health::{Health, Probe, Status};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let health = Health::new();
    /// let hold = health.hold("maintenance");
    /// assert_eq!(health.status(Probe::Ready), Status::Fail);
    /// drop(hold);
    /// assert_eq!(health.status(Probe::Ready), Status::Pass);
    /// # }
    /// ```
    pub fn hold(&self, name: &'static str) -> Hold {
        let source = Source::Set(CheckState::fail("the service is held unready"));
        let (kind, probes) = (CheckKind::Hold, Probes::READY);
        Hold(self.add(NewEntry { name: name.into(), kind, probes, source }))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.remove();
    }
}
