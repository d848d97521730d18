use std::{fmt, sync::Arc};

use battlement_core::{ConfigError, InvalidField};
use tokio::{sync::watch, time::Instant};

use crate::{
    Check, CheckKind, CheckReport, Details, HealthBuilder, Probe, Registration, Report, Status,
    Summary, TaskReport,
    beat::Beat,
    builder::Plan,
    check::Work,
    limits::SETTINGS,
    name, refresh,
    registry::{Handle, NewEntry, Registry, Source},
    state::State,
};

/// The health of a service: checks, gates, holds, heartbeats and tasks, and the answers to probes.
///
/// Clones share the registry. When the last one is dropped, all its tasks end.
#[derive(Clone)]
pub struct Health(Arc<Shared>);

/// The registry with its settings.
struct Shared {
    registry: Arc<Registry>,
    plan: Plan,
    details: Details,
    version: Option<&'static str>,
}

impl Health {
    /// Creates a registry with the defaults and without checks.
    ///
    /// # Panics
    ///
    /// If there is no tokio runtime.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it panics outside of a runtime")]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates a builder with the defaults.
    pub fn builder() -> HealthBuilder {
        HealthBuilder::new()
    }

    pub(crate) fn of(
        registry: Arc<Registry>,
        plan: Plan,
        details: Details,
        version: Option<&'static str>,
    ) -> Self {
        Self(Arc::new(Shared { registry, plan, details, version }))
    }

    /// Registers a check, and runs it at once. Until its first result, a critical check fails.
    ///
    /// # Errors
    ///
    /// With every invalid setting, if the name is taken, or if the registry has 256 entries.
    pub fn check(&self, check: Check) -> Result<Registration, ConfigError> {
        let invalid = match name::invalid(&check.name) {
            Some(message) => vec![InvalidField::new("name", message)],
            None => self.0.plan.invalid_fields_of(&check, self.registry().is_taken(&check.name)),
        };
        ConfigError::check(SETTINGS, invalid, ())?;
        let entry =
            self.register(check).map_err(|field| ConfigError::new(SETTINGS, vec![field]))?;
        Ok(Registration::new(entry))
    }

    /// Begins the drain: readiness fails from now on. Later calls have no effect.
    pub fn drain(&self) {
        self.0.registry.drain();
    }

    /// Returns whether the drain has begun, by [`drain`](Self::drain) or by the phases of the process.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.registry.is_draining()
    }

    /// Returns the status of a probe from the last results. No check is run, and the cost does not depend on the number
    /// of checks.
    #[must_use]
    pub fn status(&self, probe: Probe) -> Status {
        self.0.registry.status(probe)
    }

    /// Returns the status of a probe with the checks behind it.
    #[must_use]
    pub fn report(&self, probe: Probe) -> Report {
        self.0.registry.report(probe)
    }

    /// Returns all checks, gates, holds, heartbeats and tasks, whatever their probes.
    #[must_use]
    pub fn checks(&self) -> Vec<CheckReport> {
        self.0.registry.checks()
    }

    /// Returns all supervised tasks.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskReport> {
        self.0.registry.tasks()
    }

    /// Returns a channel with the latest statuses.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Summary> {
        self.0.registry.watch()
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    pub(crate) fn default_details(&self) -> Details {
        self.0.details
    }

    pub(crate) fn version(&self) -> Option<&'static str> {
        self.0.version
    }

    /// Registers a check whose settings are valid, unless the name is taken or the registry is full.
    pub(crate) fn register(&self, check: Check) -> Result<Handle, InvalidField> {
        let rules = self.0.plan.rules(&check);
        let Check { name, work, probes, .. } = check;
        let (source, beats) = match &work {
            Work::Run(_) => (Source::Runs { state: State::default(), rules }, None),
            Work::Beat { every, late } => {
                let beat = Arc::new(Beat::new(*every, late.clone(), Instant::now()));
                (Source::Beats { beat: Arc::clone(&beat), critical: rules.critical }, Some(beat))
            }
        };
        let new = NewEntry { name, kind: CheckKind::Check, probes, source };
        let entry = self.registry().register(new)?;
        refresh::spawn(&entry, work, rules, beats);
        Ok(entry)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.0.registry).finish()
    }
}
