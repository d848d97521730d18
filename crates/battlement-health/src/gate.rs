use battlement_core::CheckState;

use crate::{
    CheckKind, Health,
    name::Name,
    probe::Probes,
    registry::{Handle, NewEntry, Source},
};

/// A step of the start, which startup and readiness wait for.
#[derive(Debug)]
#[must_use = "dropping an unopened gate fails startup and readiness"]
pub struct Gate(Option<Handle>);

impl Health {
    /// Adds a gate: startup and readiness fail until it is [opened](Gate::open).
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken.
    pub fn gate(&self, name: &'static str) -> Gate {
        let entry =
            self.add(name, CheckKind::Gate, Probes::READY_AND_STARTUP, CheckState::fail("closed"));
        Gate(Some(entry))
    }

    /// Adds an entry that is set.
    pub(crate) fn add(
        &self,
        name: &'static str,
        kind: CheckKind,
        probes: Probes,
        state: CheckState,
    ) -> Handle {
        let name = Name::Borrowed(name);
        let new = NewEntry { name, kind, probes, source: Source::Set(state) };
        match self.registry().register(new) {
            Ok(entry) => entry,
            Err(error) => panic!("Health: {error}"),
        }
    }
}

impl Gate {
    /// Opens the gate.
    pub fn open(mut self) {
        if let Some(entry) = self.0.take() {
            entry.set(CheckState::pass("open"));
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.abandon(CheckState::fail("dropped before it was opened"));
        }
    }
}
