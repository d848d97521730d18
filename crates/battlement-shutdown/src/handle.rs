use std::{fmt, sync::Arc};

use battlement_core::Phases;
use tokio::{task::JoinHandle, time::Instant};

use crate::{Conclude, DrainToken, Guard, InFlight, Reason, Stage, shared::Shared, spawn};

/// A handle of a [`Shutdown`](crate::Shutdown), for tasks, threads, handlers and hooks. Clones act on the same shutdown.
#[derive(Clone)]
pub struct ShutdownHandle {
    shared: Arc<Shared>,
}

impl ShutdownHandle {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Starts the shutdown, unless it has started: the first reason is the one of the report.
    pub fn trigger(&self, reason: impl Into<Reason>) {
        self.shared.trigger(reason.into(), Instant::now());
    }

    /// Returns the phases, for readiness, servers and streams.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.shared.phases.clone()
    }

    /// Returns a token by which streams and background tasks see the drain.
    #[must_use]
    pub fn token(&self) -> DrainToken {
        DrainToken::new(self.phases())
    }

    /// Creates a guard: the drain waits until it is dropped, and the report names it if it is not.
    pub fn guard(&self, name: &'static str) -> Guard {
        Guard::named(self.in_flight(), name)
    }

    /// Creates the guard of an upgraded connection, such as a WebSocket, for the task that serves it.
    ///
    /// The drain waits until it is dropped. At the end of the drain, upgraded connections are counted as cut off, and do
    /// not change the exit code unless [`strict`](crate::Shutdown::strict) is set.
    pub fn upgrade(&self) -> Guard {
        Guard::upgrade(self.in_flight())
    }

    /// Returns the counts of the work in flight.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        self.shared.in_flight.clone()
    }

    /// Spawns a task for which the drain waits, as for a [`guard`](Self::guard).
    ///
    /// A task that has not ended at the end of the drain is named in the report, and cancelled.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn::spawn(&self.shared, name, future)
    }

    /// Registers a hook, which runs once after the drain, in its stage.
    pub fn hook<F, R>(&self, stage: Stage, name: &'static str, hook: F)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Future + Send + 'static,
        R::Output: Conclude,
    {
        self.shared.hooks.add(stage, name, hook);
    }
}

impl fmt::Debug for ShutdownHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownHandle").field("phase", &self.shared.phases.now()).finish()
    }
}
