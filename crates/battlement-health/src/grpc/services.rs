//! The services that a server reports.

use std::{borrow::Cow, collections::BTreeMap, mem};

use battlement_core::{ConfigError, InvalidField};
use tokio::sync::watch;

use super::proto::health_check_response::ServingStatus;
use crate::{Probe, Status};

pub(super) type Name = Cow<'static, str>;

/// The name of the whole server.
pub(super) const OVERALL: &str = "";

/// The longest name, in bytes.
const LONGEST: usize = 256;

/// The services of a server by name, and the channel by which each Watch learns of a change.
#[derive(Debug)]
pub(super) struct Services(watch::Sender<BTreeMap<Name, Service>>);

impl Services {
    /// Creates the set that contains the whole server alone.
    pub(super) fn new() -> Self {
        let overall = (Name::Borrowed(OVERALL), Service::new(Probe::Ready));
        Self(watch::Sender::new(BTreeMap::from([overall])))
    }

    /// Adds a service.
    pub(super) fn insert(&self, name: &Name, probe: Probe) -> Result<(), ConfigError> {
        let mut message = invalid(name);
        self.0.send_if_modified(|services| {
            if services.contains_key(name) && message.is_none() {
                message =
                    Some(format!("{name:?} is already registered; register each service once"));
            }
            if message.is_none() {
                services.insert(name.clone(), Service::new(probe));
            }
            message.is_none()
        });
        let invalid = message.map(|message| InvalidField::new("service", message));
        ConfigError::check("gRPC health settings", invalid.into_iter().collect(), ())
    }

    pub(super) fn remove(&self, name: &str) {
        self.0.send_if_modified(|services| services.remove(name).is_some());
    }

    /// Switches a service on or off.
    pub(super) fn switch(&self, name: &str, is_on: bool) {
        self.0.send_if_modified(|services| {
            let service = services.get_mut(name);
            service.is_some_and(|service| mem::replace(&mut service.is_on, is_on) != is_on)
        });
    }

    /// Calls `read` with all services, whose lock it holds.
    pub(super) fn read<T>(&self, read: impl FnOnce(&BTreeMap<Name, Service>) -> T) -> T {
        read(&self.0.borrow())
    }

    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<Name, Service>> {
        self.0.subscribe()
    }
}

/// Returns why a service cannot have this name, if it cannot.
fn invalid(name: &str) -> Option<String> {
    if name == OVERALL {
        return Some(
            "must not be empty: the empty name is the whole server, which is always registered"
                .into(),
        );
    }
    let is_valid = name.len() <= LONGEST && name.bytes().all(|byte| byte.is_ascii_graphic());
    (!is_valid).then(|| {
        let start: String = name.chars().take(64).collect();
        format!("must be 1 to {LONGEST} visible ASCII characters, got {start:?}")
    })
}

/// The rule for the status of one service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    pub(super) probe: Probe,
    /// Whether the application has not switched the service off.
    is_on: bool,
}

impl Service {
    const fn new(probe: Probe) -> Self {
        Self { probe, is_on: true }
    }

    /// Returns the status to report while the probe of the service has this one.
    ///
    /// A drain turns every service off except those of liveness: the kubelet, which may ask for liveness by this
    /// protocol, would kill the process in the middle of its drain.
    pub(super) fn serving(self, status: Status, is_draining: bool) -> ServingStatus {
        let ends = is_draining && self.probe != Probe::Live;
        match self.is_on && !ends && status != Status::Fail {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        }
    }
}
