use std::{fmt, sync::Arc};

use battlement_core::Phases;
use tokio::{task::JoinHandle, time::Instant};

use crate::{Conclude, DrainToken, Guard, Reason, Stage, shared::Shared};

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
        self.shared.in_flight.guard(name)
    }

    /// Spawns a task for which the drain waits, as for a [`guard`](Self::guard).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let guard = self.guard(name);
        tokio::spawn(async move {
            let output = future.await;
            drop(guard);
            output
        })
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
