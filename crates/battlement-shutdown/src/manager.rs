use std::time::Duration;

#[cfg(feature = "systemd")]
use crate::{Systemd, systemd::Watchdog};

/// The service manager that started the process, if it wants to hear of it.
#[derive(Debug, Default)]
pub(crate) struct Manager {
    #[cfg(feature = "systemd")]
    pub(crate) systemd: Option<Systemd>,
    #[cfg(feature = "systemd")]
    watchdog: Option<Watchdog>,
}

#[cfg(feature = "systemd")]
impl Manager {
    pub(crate) fn ready(&mut self) {
        self.watchdog = self.systemd.as_ref().and_then(Systemd::ready);
    }

    pub(crate) fn stopping(&self, budget: Duration) {
        if let Some(systemd) = &self.systemd {
            systemd.stopping(budget);
        }
    }
}

#[cfg(not(feature = "systemd"))]
#[allow(clippy::unused_self, reason = "the same methods in every build")]
impl Manager {
    pub(crate) const fn ready(&mut self) {}

    pub(crate) const fn stopping(&self, _: Duration) {}
}
