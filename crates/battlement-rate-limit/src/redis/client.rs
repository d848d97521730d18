use std::{
    fmt,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, time::Instant};

use super::{
    Observe, State,
    batch::{self, Job},
    connection::{Changed, Connection},
    deadline::until,
    dispatch::Way,
    fault::{Fault, Refusal},
    group::{Group, group_of},
    in_flight::Crowd,
    link::Link,
    permit::Turn,
    question::{Answer, Entry},
    queue::Lanes,
    report::Report,
    script::Script,
    signals::Signs,
    target::Plan,
};
use crate::StoreError;

/// Sends the questions of one runtime, and knows whether to.
pub(super) struct Engine {
    pub(super) settings: Arc<Settings>,
    pub(super) link: Box<dyn Link>,
    pub(super) phase: watch::Sender<Phase>,
    /// Whether the phase is up, and whether it is down, for requests.
    up: AtomicBool,
    down: AtomicBool,
    pub(super) groups: Box<[Group]>,
    pub(super) signs: Arc<Signs>,
    /// Whether a server that was to be a single one has turned out to be a node of a cluster.
    pub(super) is_cluster_node: AtomicBool,
    pub(super) script: Script,
    /// Of questions that go together.
    lanes: Mutex<Lanes<Job>>,
    /// Of questions that go alone.
    pub(super) crowd: Crowd,
    began: Instant,
    /// The last time at which the supervisor ran, in microseconds since the beginning.
    supervised: AtomicU64,
}

/// The settings of a [`Redis`](super::Redis), which all of its engines share.
pub(super) struct Settings {
    pub(super) deadline: Duration,
    pub(super) prefix: String,
    pub(super) together: usize,
    pub(super) room: usize,
    pub(super) observe: Option<Arc<dyn Observe>>,
    pub(super) plan: Plan,
    pub(super) report: Report,
    /// In place of the clock of Redis, in tests.
    pub(super) now: Option<u64>,
}

/// Whether Redis is known to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not known yet: requests wait until it is.
    Connecting,
    Up,
    Down,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) entry: Entry,
    /// Since the beginning.
    pub(super) deadline: Duration,
}

impl AsRef<Self> for Question {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// What Redis said, and when, by its clock.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) stamp: u64,
}

/// Flights on their way at once: the next batch gathers while two are out, and goes if it is full.
const FLIGHTS: usize = 2;
/// A supervisor that has not run for so long is in a runtime that is not run: otherwise it runs every few seconds.
const SILENCE: Duration = Duration::from_secs(20);
/// How often a question goes out anew that was certainly not decided.
const TRIES: usize = 3;

impl Engine {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let (signs, began) = (Arc::<Signs>::default(), Instant::now());
        let changed: Changed = {
            let signs = Arc::clone(&signs);
            Arc::new(move || signs.changed())
        };
        Self {
            lanes: Mutex::new(Lanes::new(FLIGHTS, settings.together, settings.room)),
            crowd: Crowd::new(settings.room, settings.deadline),
            link: settings.plan.link(began, changed),
            phase: watch::Sender::new(Phase::Connecting),
            up: AtomicBool::new(false),
            down: AtomicBool::new(false),
            groups: (0..settings.plan.groups()).map(|_| Group::default()).collect(),
            signs,
            is_cluster_node: AtomicBool::new(false),
            script: Script::new(),
            began,
            supervised: AtomicU64::new(0),
            settings,
        }
    }

    /// Whether a question about `slot` may be worth asking.
    pub(super) fn is_worth_asking(&self, slot: u16) -> bool {
        !self.down.load(Relaxed) && !self.group(slot).is_open()
    }

    pub(super) fn group(&self, slot: u16) -> &Group {
        &self.groups[group_of(slot, self.groups.len())]
    }

    pub(super) fn state(&self) -> State {
        match *self.phase.borrow() {
            Phase::Connecting => State::Connecting,
            Phase::Down => State::Down,
            Phase::Up if self.groups.iter().any(Group::is_open) => State::Degraded,
            Phase::Up => State::Up,
        }
    }

    /// Asks about `slot`, and waits no longer than until the deadline. Dropped before the question was sent, it is
    /// not asked.
    pub(super) async fn ask<W: Way>(
        self: &Arc<Self>,
        slot: u16,
        asked: Instant,
        entry: impl Fn() -> Entry,
    ) -> Result<Answered, StoreError> {
        let most = self.settings.deadline;
        let deadline = asked + most;
        let end = AtomicU64::new(micros(self.since(deadline)));
        let extended = |at| end.store(micros(self.since(at)), Relaxed);
        let answered = self.answered::<W>(self.since(asked), &end, &entry);
        match until(deadline, most, extended, answered).await {
            Ok(result) => result,
            Err(_) => {
                self.failed(slot, &Fault::Late);
                Err(StoreError::Late)
            }
        }
    }

    /// What was said, of the first time that it was not too late. The time at `end` may be put off meanwhile.
    async fn answered<W: Way>(
        self: &Arc<Self>,
        asked: Duration,
        end: &AtomicU64,
        entry: &impl Fn() -> Entry,
    ) -> Result<Answered, StoreError> {
        let mut tries = 0..TRIES;
        while tries.next().is_some() {
            let (entry, deadline) = (entry(), Duration::from_micros(end.load(Relaxed)));
            let slot = entry.slot;
            let answered = W::go(self, Question { entry, deadline }, asked).await?;
            match answered.answer {
                // Where this process was late, there is more time.
                Answer::Stale if deadline <= self.now() => {
                    put_off(end, deadline).await;
                    tries = 0..TRIES;
                }
                // Within the deadline, so it was our idea of its clock that was wrong; that is put right.
                Answer::Stale => {}
                Answer::Failed(code) => {
                    self.failed(slot, &Fault::Refused(Refusal::of_script(&code)));
                    return Err(StoreError::Failed);
                }
                Answer::Done(_) => return Ok(answered),
            }
        }
        Err(StoreError::Late)
    }

    /// Returns the connection for a slot, if nothing has to be waited for.
    pub(super) fn open(&self, slot: u16) -> Option<Arc<Connection>> {
        if self.up.load(Relaxed) { self.link.open(slot) } else { None }
    }

    /// Returns the connection for a slot, once it is known that Redis decides.
    pub(super) async fn connection(&self, slot: u16) -> Result<Arc<Connection>, Fault> {
        if !self.up.load(Relaxed) {
            let mut phase = self.phase.subscribe();
            let known = phase.wait_for(|phase| *phase != Phase::Connecting).await;
            if known.is_ok_and(|phase| *phase == Phase::Down) {
                return Err(Fault::Unavailable);
            }
        }
        self.link.connection(slot).await
    }

    /// Notes the result of one command, and returns what it is to those who ask.
    pub(super) fn noted<T>(&self, slot: u16, result: Result<T, Fault>) -> Result<T, StoreError> {
        result.map_err(|fault| {
            self.failed(slot, &fault);
            StoreError::from(&fault)
        })
    }

    /// Has the supervisor look whether the group of the slot is available.
    fn failed(&self, slot: u16, fault: &Fault) {
        if self.up.load(Relaxed) && *fault != Fault::Unavailable {
            self.settings.report.command_failed(fault);
            self.signs.suspect(group_of(slot, self.groups.len()));
        }
    }

    /// Enters a phase.
    pub(super) fn enter(&self, phase: Phase) {
        self.up.store(phase == Phase::Up, Relaxed);
        self.down.store(phase == Phase::Down, Relaxed);
        self.phase.send_replace(phase);
        self.supervised.store(micros(self.now()), Relaxed);
    }

    /// Returns whether the supervisor has run lately.
    pub(super) fn is_supervised(&self) -> bool {
        let last = Duration::from_micros(self.supervised.load(Relaxed));
        self.now().saturating_sub(last) < SILENCE
    }

    /// Returns whether probes are about keys in two slots, which a node of a cluster refuses. Where each question is
    /// asked alone, servers that allow no more are worth asking until they redirect one.
    pub(super) fn probes_two_keys(&self) -> bool {
        let is_coalesced = self.settings.together > 1;
        self.groups.len() == 1 && (is_coalesced || self.is_cluster_node.load(Relaxed))
    }

    /// Since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.since(Instant::now())
    }

    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    pub(super) fn instant(&self, since: Duration) -> Instant {
        self.began + since
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, Lanes<Job>> {
        // Nothing that can panic runs under the lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A flight of this slot begins, for which there is room.
    pub(super) fn begin_flight(self: &Arc<Self>, slot: u16) {
        spawn(batch::fly(Turn::new(self, slot)));
    }

    /// Those who go with a flight that leaves now.
    pub(super) fn leave(&self, slot: u16) -> Vec<Job> {
        self.lanes().leave(slot, Job::is_gone)
    }

    /// A flight of this slot will never leave, since its runtime is gone. If none else is on its way, the
    /// callers of those that wait hear that nobody will answer.
    pub(super) fn give_up(&self, slot: u16) {
        let left = self.lanes().give_up(slot);
        drop(left);
    }
}

/// Runs it in whatever runtime there is now, or drops it.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        drop(runtime.spawn(task));
    }
}

/// Waits until the deadline is put off, after which whoever puts it off polls again.
async fn put_off(end: &AtomicU64, deadline: Duration) {
    let is_later = || end.load(Relaxed) > micros(deadline);
    poll_fn(|_| if is_later() { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("state", &self.state()).finish_non_exhaustive()
    }
}
