mod socket;
mod watchdog;

use std::{env, fmt, process, sync::Arc, time::Duration};

use tracing::warn;

use self::socket::Socket;
pub(crate) use self::watchdog::Watchdog;

/// The default of `TimeoutStopSec=` in a unit.
const STOP_TIMEOUT: Duration = Duration::from_secs(90);

/// The time after the budget in which a forced exit is complete.
const EXIT: Duration = Duration::from_secs(2);

/// Notifications for systemd, as a unit with `Type=notify` expects them.
///
/// Without `NOTIFY_SOCKET` in the environment nothing is sent, so a service can use it everywhere.
///
/// | message | is sent |
/// |---|---|
/// | `READY=1` | when [`Shutdown::run`](crate::Shutdown::run) starts, unless the shutdown was triggered before |
/// | `WATCHDOG=1` | after half of the time of `WatchdogSec=`, again and again, while [`alive`](Self::alive) returns true |
/// | `STOPPING=1` | when the shutdown starts |
/// | `EXTEND_TIMEOUT_USEC=` | together with it, if the budget exceeds [`stop_timeout`](Self::stop_timeout) |
///
/// A task of the service's own runtime sends the watchdog's messages, so they also stop while all its threads are
/// blocked.
///
/// # Example
///
/// ```no_run
/// use battlement_shutdown::{Shutdown, Systemd};
///
/// let shutdown = Shutdown::new().systemd(Systemd::from_env().alive(|| true));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Systemd {
    socket: Option<Socket>,
    watchdog: Option<Duration>,
    stop_timeout: Duration,
    alive: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Systemd {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the environment.
    pub fn from_env() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").and_then(|name| {
            Socket::connect(&name)
                .inspect_err(|error| {
                    warn!(%error, socket = ?name, "systemd cannot be notified: `NOTIFY_SOCKET` is unusable");
                })
                .ok()
        });
        let variable = |name| env::var(name).ok();
        let watchdog =
            watchdog::period(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID"), process::id());
        Self { socket, watchdog, stop_timeout: STOP_TIMEOUT, alive: None }
    }

    /// Sets the `TimeoutStopSec=` of the unit, which systemd does not tell its services. Default: 90 s, as in systemd.
    ///
    /// With a longer budget, systemd is asked to extend it.
    pub const fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Sets the closure that reports whether the service is alive. Default: none, and the watchdog gets no messages.
    ///
    /// The closure is called on a thread of the runtime, and must not block. A unit with `WatchdogSec=` needs it.
    pub fn alive(mut self, alive: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.alive = Some(Arc::new(alive));
        self
    }

    /// Reports that the service has started, and starts the watchdog, which ends with the returned value.
    pub(crate) fn ready(&self) -> Option<Watchdog> {
        self.send("READY=1");
        let (socket, period) = (self.socket.clone()?, self.watchdog?);
        Some(Watchdog::start(socket, period, Arc::clone(self.alive.as_ref()?)))
    }

    /// Reports that the service ends, within `budget`.
    pub(crate) fn stopping(&self, budget: Duration) {
        if budget > self.stop_timeout {
            let extended = (budget + EXIT).as_micros();
            self.send(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={extended}"));
        } else {
            self.send("STOPPING=1");
        }
    }

    fn send(&self, message: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(message)) {
            warn!(%error, message, "systemd was not notified");
        }
    }
}

impl fmt::Debug for Systemd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Systemd")
            .field("socket", &self.socket)
            .field("watchdog", &self.watchdog)
            .field("stop_timeout", &self.stop_timeout)
            .field("alive", &self.alive.is_some())
            .finish()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
