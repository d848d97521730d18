//! The client of one runtime, which exchanges commands for replies.

mod call;
mod exchange;
mod group;
mod settings;
mod timed;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_rate_limit::{StoreError, remote::Breaker};

use self::group::Group;
pub(crate) use self::{
    call::{Call, TimedAnswer},
    exchange::{BatchReply, CommandForm},
    group::group_of,
    settings::Settings,
};
use crate::{
    connection::{Connection, Epoch, Link, OnChange},
    fault::Fault,
    script::Script,
};

/// A client of one runtime: its connections, circuit breakers and script.
pub(crate) struct Client {
    pub(crate) settings: Arc<Settings>,
    pub(crate) link: Box<dyn Link>,
    pub(crate) breaker: Breaker,
    pub(crate) groups: Box<[Group]>,
    /// Whether a server that was configured as a single one has turned out to be a node of a cluster.
    pub(crate) is_cluster_node: AtomicBool,
    pub(crate) script: Script,
    pub(crate) epoch: Epoch,
}

impl Client {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let (groups, epoch) = (settings.plan.groups(), Epoch::now());
        let breaker = Breaker::new(groups);
        let changed: OnChange = {
            let breaker = breaker.clone();
            Arc::new(move || breaker.changed())
        };
        Self {
            link: settings.plan.link(epoch, changed),
            breaker,
            groups: (0..groups).map(|_| Group::default()).collect(),
            is_cluster_node: AtomicBool::new(false),
            script: Script::new(),
            epoch,
            settings,
        }
    }

    /// Returns whether the circuit breaker lets a question about `slot` through.
    pub(crate) fn may_ask(&self, slot: u16) -> bool {
        self.breaker.may_ask(self.group_of(slot))
    }

    pub(crate) fn group(&self, slot: u16) -> &Group {
        &self.groups[self.group_of(slot)]
    }

    fn group_of(&self, slot: u16) -> usize {
        group_of(slot, self.groups.len())
    }

    /// Returns the connection for a slot, if it is open and Redis is available.
    pub(crate) fn open(&self, slot: u16) -> Option<Arc<Connection>> {
        if self.breaker.is_up() { self.link.open(slot) } else { None }
    }

    /// Returns the connection for a slot, once Redis is known to be available.
    pub(crate) async fn connection(&self, slot: u16) -> Result<Arc<Connection>, Fault> {
        if !self.breaker.is_up() && !self.breaker.wait_until_known().await {
            return Err(Fault::Unavailable);
        }
        self.link.connection(slot).await
    }

    /// Notes the result of one command, and returns it as the result of its calls.
    pub(crate) fn note_result<T>(
        &self,
        slot: u16,
        result: Result<T, Fault>,
    ) -> Result<T, StoreError> {
        result.map_err(|fault| {
            self.note_fault(slot, &fault);
            StoreError::from(&fault)
        })
    }

    /// Logs the fault, and signals the supervisor to probe the group of the slot.
    pub(crate) fn note_fault(&self, slot: u16, fault: &Fault) {
        if self.breaker.is_up() && *fault != Fault::Unavailable {
            self.settings.report.command_failed(fault);
            self.breaker.suspect(self.group_of(slot));
        }
    }

    /// Returns whether probes use keys in two slots, which a node of a cluster refuses. Where each question is a
    /// command of its own, a node of a cluster is used until it redirects one.
    pub(crate) fn probes_two_keys(&self) -> bool {
        let is_coalesced = self.settings.max_batch > 1;
        self.groups.len() == 1 && (is_coalesced || self.is_cluster_node.load(Relaxed))
    }

    /// Returns the time since the epoch.
    pub(crate) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
