use battlement_core::ConfigError;

use super::{
    format::Format,
    page::Process,
    paths::{Paths, Target, Targets},
};
use crate::{CheckReport, Details, Health, Probe, Status};

/// The settings of a listener.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) health: Health,
    pub(super) targets: Targets,
    pub(super) details: Details,
    pub(super) format: Format,
    /// The facts about the process that are shown; `None` leaves it to the details.
    pub(super) version: Option<bool>,
    pub(super) uptime: Option<bool>,
    pub(super) pid: Option<bool>,
    pub(super) draining: bool,
    pub(super) enabled: bool,
}

impl Config {
    pub(super) fn new(health: &Health, targets: Targets, details: Details) -> Self {
        Self {
            health: health.clone(),
            targets,
            details,
            format: Format::default(),
            version: None,
            uptime: None,
            pid: None,
            draining: true,
            enabled: true,
        }
    }

    pub(super) fn set_paths(&mut self, paths: Paths) -> Result<(), ConfigError> {
        self.targets = paths.targets()?;
        Ok(())
    }

    /// Returns the format for a caller that asks for none.
    pub(super) fn format_of(&self, target: Target) -> Format {
        match (target, self.format) {
            (Target::All, Format::Text) => Format::Health,
            (_, format) => format,
        }
    }

    /// Returns the status of all checks of `target`, whose number does not matter.
    pub(super) fn status(&self, target: Target) -> Status {
        match target {
            Target::Probe(probe) => self.health.status(probe),
            Target::All => {
                let summary = self.health.registry().summary();
                Probe::ALL
                    .map(|probe| summary.status(probe))
                    .into_iter()
                    .max()
                    .unwrap_or(Status::Fail)
            }
        }
    }

    pub(super) fn reports(&self, target: Target) -> Vec<CheckReport> {
        match target {
            Target::Probe(probe) => self.health.report(probe).checks,
            Target::All => self.health.registry().all(),
        }
    }

    pub(super) fn process(&self) -> Process {
        let is_full = self.details == Details::Full;
        let shows = |setting: Option<bool>| setting.unwrap_or(is_full);
        Process {
            version: self.health.version().filter(|_| shows(self.version)),
            uptime: shows(self.uptime).then(|| self.health.registry().start.elapsed()),
            pid: shows(self.pid).then(std::process::id),
            draining: self.draining.then(|| self.health.is_draining()),
        }
    }
}
