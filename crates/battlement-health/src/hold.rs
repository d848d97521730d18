use battlement_core::CheckState;

use crate::{CheckKind, Health, probe::Probes, registry::Handle};

/// A value that keeps the service unready until it is dropped.
#[derive(Debug)]
#[must_use = "dropping the hold ends it"]
pub struct Hold(Handle);

impl Health {
    /// Makes the service unready until the hold is dropped. Holds of one name are one entry, until the last is dropped.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken.
    pub fn hold(&self, name: &'static str) -> Hold {
        Hold(self.add(name, CheckKind::Hold, Probes::READY, CheckState::fail("held")))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.remove();
    }
}
