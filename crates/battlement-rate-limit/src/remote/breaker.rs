mod phase;
mod signals;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use self::signals::Signals;
pub(super) use self::{phase::Phase, signals::SignalSet};
use super::State;

/// The circuit breakers of a remote store: one for each group of keys that become unavailable together, such as those of
/// one server.
///
/// Requests only read the breakers, without a lock, and report calls that were late or failed. The task that runs
/// [`supervise`](super::supervise) probes the reported groups, and opens and closes their breakers. Thus a single call
/// opens no breaker, and no request has to probe a store that is unavailable.
///
/// Clones share the breakers. If several runtimes have connections of their own, create breakers for each of them.
#[derive(Clone)]
pub struct Breaker(Arc<Inner>);

struct Inner {
    phase: watch::Sender<Phase>,
    /// Copies of the phase that requests read without the lock.
    up: AtomicBool,
    down: AtomicBool,
    open: Box<[AtomicBool]>,
    signals: Signals,
    created: Instant,
    /// The last time at which the supervisor ran, in microseconds since the breaker was created.
    supervised: AtomicU64,
}

/// A supervisor that has not run for this long belongs to a runtime that is not driven: otherwise it runs every few
/// seconds.
const SILENCE: Duration = Duration::from_secs(20);

impl Breaker {
    /// Creates a breaker for each of `groups` groups; a store with one server has one group.
    ///
    /// # Panics
    ///
    /// Panics if `groups` is 0 or greater than 128.
    #[must_use]
    pub fn new(groups: usize) -> Self {
        assert!((1..=128).contains(&groups), "`groups` must be between 1 and 128, got {groups}");
        Self(Arc::new(Inner {
            phase: watch::Sender::new(Phase::Connecting),
            up: AtomicBool::new(false),
            down: AtomicBool::new(false),
            open: (0..groups).map(|_| AtomicBool::new(false)).collect(),
            signals: Signals::default(),
            created: Instant::now(),
            supervised: AtomicU64::new(0),
        }))
    }

    /// Returns whether a question about a key of `group` may be sent. Before the first probe has ended, every
    /// question may be sent.
    ///
    /// # Panics
    ///
    /// Panics if `group` is not less than the number of groups.
    #[must_use]
    pub fn may_ask(&self, group: usize) -> bool {
        !self.0.down.load(Relaxed) && !self.0.open[group].load(Relaxed)
    }

    /// Returns whether the store, or a part of it, is available.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.up.load(Relaxed)
    }

    /// Waits until the first probe has ended, and returns whether the store, or a part of it, is available.
    ///
    /// Without a running [`supervise`](super::supervise), no probe ends: set a time limit around this future.
    pub async fn wait_until_known(&self) -> bool {
        let mut phase = self.0.phase.subscribe();
        let known = phase.wait_for(|phase| *phase != Phase::Connecting).await;
        known.is_ok_and(|phase| *phase == Phase::Up)
    }

    /// Reports that a call about a key of `group` was late or failed, so that the supervisor probes the group.
    ///
    /// Report only calls that were sent, and only while the store [`is_up`](Self::is_up).
    ///
    /// # Panics
    ///
    /// Panics if `group` is not less than the number of groups.
    pub fn suspect(&self, group: usize) {
        let groups = self.groups();
        assert!(group < groups, "`group` must be less than {groups}, got {group}");
        self.0.signals.suspect(group);
    }

    /// Reports that a connection could not be replaced, or is open again. The supervisor probes all groups without a
    /// connection and all unavailable groups, without waiting for the backoff.
    pub fn changed(&self) {
        self.0.signals.changed();
    }

    /// Reports that keys were moved to another server, so that the supervisor calls
    /// [`Probe::refresh`](super::Probe::refresh), at most every 100 ms.
    pub fn moved(&self) {
        self.0.signals.moved();
    }

    /// Ends the supervisor. A store calls this when its last clone is dropped.
    pub fn close(&self) {
        self.0.signals.close();
    }

    /// Returns the number of groups.
    pub(super) fn groups(&self) -> usize {
        self.0.open.len()
    }

    /// Returns the availability of the store.
    #[must_use]
    pub fn state(&self) -> State {
        match *self.0.phase.borrow() {
            Phase::Connecting => State::Connecting,
            Phase::Down => State::Down,
            Phase::Up if self.0.open.iter().any(|open| open.load(Relaxed)) => State::Degraded,
            Phase::Up => State::Up,
        }
    }

    /// Returns whether the supervisor has run in the last 20 seconds. Otherwise its runtime is not driven, and the state
    /// may be out of date.
    #[must_use]
    pub fn is_supervised(&self) -> bool {
        let last = Duration::from_micros(self.0.supervised.load(Relaxed));
        self.0.created.elapsed().saturating_sub(last) < SILENCE
    }

    /// Returns the signals for the supervisor.
    pub(super) fn signals(&self) -> &Signals {
        &self.0.signals
    }

    /// Opens or closes the breaker of a group.
    pub(super) fn set_open(&self, group: usize, is_open: bool) {
        self.0.open[group].store(is_open, Relaxed);
    }

    /// Enters a phase.
    pub(super) fn enter(&self, phase: Phase) {
        self.0.up.store(phase == Phase::Up, Relaxed);
        self.0.down.store(phase == Phase::Down, Relaxed);
        self.0.phase.send_replace(phase);
        self.0.supervised.store(micros(self.0.created.elapsed()), Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("state", &self.state()).finish_non_exhaustive()
    }
}
