use std::{fmt, sync::Arc};

use super::services::{Name, Services};

/// A gRPC service that was registered at run time. Dropping it unregisters the service.
///
/// An unregistered service is unknown: Check answers NOT_FOUND, and each open Watch sends SERVICE_UNKNOWN.
#[must_use = "dropping the registration unregisters the service"]
pub struct ServiceRegistration {
    name: Name,
    services: Arc<Services>,
}

impl ServiceRegistration {
    pub(super) const fn new(name: Name, services: Arc<Services>) -> Self {
        Self { name, services }
    }

    /// Switches the service on or off.
    ///
    /// A service is on at first. While it is off, it is NOT_SERVING; while it is on, it has the status of its probe.
    pub fn serving(&self, is_serving: bool) {
        self.services.switch(&self.name, is_serving);
    }
}

impl Drop for ServiceRegistration {
    fn drop(&mut self) {
        self.services.remove(&self.name);
    }
}

impl fmt::Debug for ServiceRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServiceRegistration").field(&self.name).finish()
    }
}
