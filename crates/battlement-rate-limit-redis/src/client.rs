//! The client of one runtime, which exchanges commands for replies.

mod call;
mod exchange;
mod group;
mod phase;
mod settings;
mod signals;
mod timed;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_rate_limit::StoreError;
use tokio::sync::watch;

pub(crate) use self::{
    call::{Call, TimedAnswer},
    exchange::{BatchReply, CommandForm},
    group::group_of,
    phase::Phase,
    settings::Settings,
    signals::SignalSet,
};
use self::{group::Group, signals::Signals};
use crate::{
    connection::{Connection, Epoch, Link, OnChange},
    fault::Fault,
    script::Script,
    state::State,
};

/// A client of one runtime: its connections, circuit breakers and script.
pub(crate) struct Client {
    pub(crate) settings: Arc<Settings>,
    pub(crate) link: Box<dyn Link>,
    pub(crate) phase: watch::Sender<Phase>,
    /// Copies of the phase that requests read without the lock.
    up: AtomicBool,
    down: AtomicBool,
    pub(crate) groups: Box<[Group]>,
    pub(crate) signals: Arc<Signals>,
    /// Whether a server that was configured as a single one has turned out to be a node of a cluster.
    pub(crate) is_cluster_node: AtomicBool,
    pub(crate) script: Script,
    pub(crate) epoch: Epoch,
    /// The last time at which the supervisor ran, in microseconds since the epoch.
    supervised: AtomicU64,
}

/// A supervisor that has not run for this long belongs to a runtime that is not driven: otherwise it runs every few
/// seconds.
const SILENCE: Duration = Duration::from_secs(20);

impl Client {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let (signals, epoch) = (Arc::<Signals>::default(), Epoch::now());
        let changed: OnChange = {
            let signals = Arc::clone(&signals);
            Arc::new(move || signals.changed())
        };
        Self {
            link: settings.plan.link(epoch, changed),
            phase: watch::Sender::new(Phase::Connecting),
            up: AtomicBool::new(false),
            down: AtomicBool::new(false),
            groups: (0..settings.plan.groups()).map(|_| Group::default()).collect(),
            signals,
            is_cluster_node: AtomicBool::new(false),
            script: Script::new(),
            epoch,
            supervised: AtomicU64::new(0),
            settings,
        }
    }

    /// Returns whether the circuit breaker lets a question about `slot` through.
    pub(crate) fn may_ask(&self, slot: u16) -> bool {
        !self.down.load(Relaxed) && !self.group(slot).is_open()
    }

    pub(crate) fn group(&self, slot: u16) -> &Group {
        &self.groups[group_of(slot, self.groups.len())]
    }

    pub(crate) fn state(&self) -> State {
        match *self.phase.borrow() {
            Phase::Connecting => State::Connecting,
            Phase::Down => State::Down,
            Phase::Up if self.groups.iter().any(Group::is_open) => State::Degraded,
            Phase::Up => State::Up,
        }
    }

    /// Returns the connection for a slot, if it is open and Redis is available.
    pub(crate) fn open(&self, slot: u16) -> Option<Arc<Connection>> {
        if self.up.load(Relaxed) { self.link.open(slot) } else { None }
    }

    /// Returns the connection for a slot, once Redis is known to be available.
    pub(crate) async fn connection(&self, slot: u16) -> Result<Arc<Connection>, Fault> {
        if !self.up.load(Relaxed) {
            let mut phase = self.phase.subscribe();
            let known = phase.wait_for(|phase| *phase != Phase::Connecting).await;
            if known.is_ok_and(|phase| *phase == Phase::Down) {
                return Err(Fault::Unavailable);
            }
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
        if self.up.load(Relaxed) && *fault != Fault::Unavailable {
            self.settings.report.command_failed(fault);
            self.signals.suspect(group_of(slot, self.groups.len()));
        }
    }

    /// Enters a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.up.store(phase == Phase::Up, Relaxed);
        self.down.store(phase == Phase::Down, Relaxed);
        self.phase.send_replace(phase);
        self.supervised.store(micros(self.now()), Relaxed);
    }

    /// Returns whether the supervisor has run recently.
    pub(crate) fn is_supervised(&self) -> bool {
        let last = Duration::from_micros(self.supervised.load(Relaxed));
        self.now().saturating_sub(last) < SILENCE
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

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}
