use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{ConfigError, InvalidField, Phases};
use tokio::runtime;

use crate::{
    Check, Details, Health, Observe,
    limits::{Limits, SETTINGS},
    registry::Registry,
};

mod plan;

pub(crate) use self::plan::Plan;

/// The settings of a [`Health`], and its first checks.
#[must_use = "a builder has no effect until `build`"]
pub struct HealthBuilder {
    pub(crate) limits: Limits,
    pub(crate) checks: Vec<Check>,
    /// Settings of single checks from a configuration file, by name.
    pub(crate) overrides: Vec<(String, Limits)>,
    /// Fields of a configuration file that could not be read.
    pub(crate) unreadable: Vec<InvalidField>,
    pub(crate) details: Details,
    version: Option<&'static str>,
    phases: Option<Phases>,
    observe: Option<Arc<dyn Observe>>,
}

impl HealthBuilder {
    pub(crate) fn new() -> Self {
        Self {
            limits: Limits::default(),
            checks: Vec::new(),
            overrides: Vec::new(),
            unreadable: Vec::new(),
            details: Details::Public,
            version: None,
            phases: None,
            observe: None,
        }
    }

    /// Sets the time from the start of one run of a check to the start of the next, greater than zero and at most 24 h.
    /// Default: 10 s. Each interval varies by up to 10 %.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.limits.interval = Some(interval);
        self
    }

    /// Sets the time after which a run is dropped and counts as failed, greater than zero and at most the interval.
    /// Default: 2 s, or the interval if that is shorter.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(timeout);
        self
    }

    /// Sets the number of runs in a row after which a worse result counts, at least 1. Default: 3.
    pub fn fail_after(mut self, runs: u32) -> Self {
        self.limits.fail_after = Some(runs);
        self
    }

    /// Sets the number of runs in a row after which a better result counts, at least 1. Default: 1.
    pub fn recover_after(mut self, runs: u32) -> Self {
        self.limits.recover_after = Some(runs);
        self
    }

    /// Sets the age at which a result no longer counts, and its check fails. Default: 3 intervals.
    ///
    /// The age must be at least two intervals, at least 110 % of the interval plus the timeout, and at most 72 h.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.limits.stale_after = Some(age);
        self
    }

    /// Sets the parts of a result that answers of [`Health::service`] show. Default: [`Details::Public`].
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    /// Adds a check.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Makes readiness fail once `phases` drain, without a call of [`Health::drain`].
    pub fn phases(mut self, phases: Phases) -> Self {
        self.phases = Some(phases);
        self
    }

    /// Sets the version of the service, which listeners with [`Details::Full`] show.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the observer. Default: none.
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observe = Some(Arc::new(observe));
        self
    }

    /// Creates the registry, and starts every check at once on the runtime of the caller.
    ///
    /// # Panics
    ///
    /// If a setting is invalid, or if there is no tokio runtime.
    #[must_use]
    pub fn build(self) -> Health {
        match self.try_build() {
            Ok(health) => health,
            Err(error) => panic!("Health: {error}"),
        }
    }

    /// Creates the registry, or returns every error; see [`build`](Self::build).
    ///
    /// # Errors
    ///
    /// With every invalid setting, and if there is no tokio runtime.
    pub fn try_build(self) -> Result<Health, ConfigError> {
        let plan = Plan::new(self.limits, self.overrides);
        let mut invalid = self.unreadable;
        invalid.extend(plan.invalid_fields(&self.checks));
        let runtime = match runtime::Handle::try_current() {
            Ok(runtime) if invalid.is_empty() => runtime,
            current => {
                invalid.extend(current.err().map(|_| no_runtime()));
                return Err(ConfigError::new(SETTINGS, invalid));
            }
        };
        let registry = Registry::start(runtime, self.phases, self.observe);
        let health = Health::of(registry, plan, self.details, self.version);
        for check in self.checks {
            // The plan has already reported every error.
            health.register(check).map_err(|field| ConfigError::new(SETTINGS, vec![field]))?;
        }
        Ok(health)
    }
}

fn no_runtime() -> InvalidField {
    InvalidField::new("runtime", "is missing; call `build` inside a tokio runtime")
}

impl fmt::Debug for HealthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthBuilder")
            .field("limits", &self.limits)
            .field("checks", &self.checks)
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}
