use battlement_core::CheckState;

use crate::{
    CheckKind, Health,
    probe::Probes,
    registry::{Handle, NewEntry, Source},
};

/// A step of the startup, which startup and readiness probes wait for.
#[derive(Debug)]
#[must_use = "dropping an unopened gate fails startup and readiness"]
pub struct Gate(Option<Handle>);

impl Health {
    /// Adds a gate: startup and readiness fail until it is [opened](Gate::open).
    ///
    /// A gate that is dropped unopened, for example by a task that panicked, fails both with that reason. The name may
    /// then be used again, by a second attempt.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken, or if the registry has 256 entries.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_health::{Health, Probe, Status};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let health = Health::new(); async fn warm_up() {}
    /// let gate = health.gate("cache-warm");
    /// # let checked = health.clone();
    /// tokio::spawn(async move {
    ///     warm_up().await;
    ///     gate.open();
    /// });
    /// assert_eq!(health.status(Probe::Startup), Status::Fail);
    /// # }
    /// ```
    pub fn gate(&self, name: &'static str) -> Gate {
        let source = Source::Set(CheckState::fail("the gate is not open yet"));
        let (kind, probes) = (CheckKind::Gate, Probes::READY_AND_STARTUP);
        Gate(Some(self.add(NewEntry { name: name.into(), kind, probes, source })))
    }

    /// Adds an entry of a name that the program chose.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken.
    #[track_caller]
    pub(crate) fn add(&self, new: NewEntry) -> Handle {
        match self.registry().register(new) {
            Ok(entry) => entry,
            Err(error) => panic!("Health: {error}"),
        }
    }
}

impl Gate {
    /// Opens the gate, for good.
    pub fn open(mut self) {
        if let Some(entry) = self.0.take() {
            entry.set(CheckState::pass("open"));
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.abandon(CheckState::fail("the gate was dropped before it was opened"));
        }
    }
}
