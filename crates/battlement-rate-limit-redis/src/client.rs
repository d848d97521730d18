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

use battlement_rate_limit::{StoreError, remote::until};
use tokio::{sync::watch, time::Instant};

use crate::{
    Observe, State,
    batch::{self, Job},
    connection::{Connection, Epoch, OnChange},
    dispatch::Dispatch,
    fault::{Fault, Refusal},
    group::{Group, group_of},
    in_flight::InFlight,
    link::Link,
    permit::Permit,
    question::{Answer, Question},
    queue::Queue,
    report::Report,
    script::Script,
    signals::Signals,
    spawn::spawn,
    target::Plan,
};

/// A client of one runtime: its connections, batches and circuit breakers.
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
    /// The queue of batched calls.
    queue: Mutex<Queue<Job>>,
    /// The limit of individual calls.
    pub(crate) in_flight: InFlight,
    pub(crate) epoch: Epoch,
    /// The last time at which the supervisor ran, in microseconds since the epoch.
    supervised: AtomicU64,
}

/// The settings of a [`Redis`](crate::Redis), shared by the clients of all runtimes.
pub(crate) struct Settings {
    pub(crate) deadline: Duration,
    pub(crate) prefix: String,
    pub(crate) max_batch: usize,
    pub(crate) max_queued: usize,
    pub(crate) observe: Option<Arc<dyn Observe>>,
    pub(crate) plan: Plan,
    pub(crate) report: Report,
    /// Replaces the clock of Redis, in tests.
    pub(crate) now: Option<u64>,
}

/// The availability of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first connection is being made; requests wait for it.
    Connecting,
    Up,
    Down,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) question: Question,
    /// Since the epoch of the client.
    pub(crate) deadline: Duration,
}

impl AsRef<Self> for Call {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// An answer of Redis, with the time by its clock.
#[derive(Debug)]
pub(crate) struct TimedAnswer {
    pub(crate) answer: Answer,
    pub(crate) at: u64,
}

/// Batches of a slot in flight: the next batch gathers calls while two are in flight, and is sent early if it is full.
const BATCHES: usize = 2;
/// A supervisor that has not run for this long belongs to a runtime that is not driven: otherwise it runs every few
/// seconds.
const SILENCE: Duration = Duration::from_secs(20);
/// The number of times that a question which was certainly not executed is sent again.
const TRIES: usize = 3;

impl Client {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let (signals, epoch) = (Arc::<Signals>::default(), Epoch::now());
        let changed: OnChange = {
            let signals = Arc::clone(&signals);
            Arc::new(move || signals.changed())
        };
        Self {
            queue: Mutex::new(Queue::new(BATCHES, settings.max_batch, settings.max_queued)),
            in_flight: InFlight::new(settings.max_queued, settings.deadline),
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

    /// Asks about `slot`, and waits for the answer until the deadline. If it is dropped before the question was sent,
    /// the question is not asked.
    pub(crate) async fn ask<D: Dispatch>(
        self: &Arc<Self>,
        slot: u16,
        started: Instant,
        question: impl Fn() -> Question,
    ) -> Result<TimedAnswer, StoreError> {
        let most = self.settings.deadline;
        let deadline = started + most;
        let end = AtomicU64::new(micros(self.epoch.since(deadline)));
        let extended = |at| end.store(micros(self.epoch.since(at)), Relaxed);
        let answered = self.ask_until::<D>(self.epoch.since(started), &end, &question);
        match until(deadline, most, extended, answered).await {
            Ok(result) => result,
            Err(_) => {
                self.note_fault(slot, &Fault::Late);
                Err(StoreError::Timeout)
            }
        }
    }

    /// Returns the first answer that was not stale. The time at `end` may be extended meanwhile.
    async fn ask_until<D: Dispatch>(
        self: &Arc<Self>,
        started: Duration,
        end: &AtomicU64,
        question: &impl Fn() -> Question,
    ) -> Result<TimedAnswer, StoreError> {
        let mut tries = 0..TRIES;
        while tries.next().is_some() {
            let (question, deadline) = (question(), Duration::from_micros(end.load(Relaxed)));
            let slot = question.slot;
            let answered = D::send(self, Call { question, deadline }, started).await?;
            match answered.answer {
                // This process was late, and its deadline is extended.
                Answer::Stale if deadline <= self.now() => {
                    until_extended(end, deadline).await;
                    tries = 0..TRIES;
                }
                // It was within the deadline, so the offset of the server's clock was wrong; the reply has corrected
                // it.
                Answer::Stale => {}
                Answer::Failed(code) => {
                    self.note_fault(slot, &Fault::Refused(Refusal::of_script(&code)));
                    return Err(StoreError::Failed);
                }
                Answer::Done(_) => return Ok(answered),
            }
        }
        Err(StoreError::Timeout)
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
    fn note_fault(&self, slot: u16, fault: &Fault) {
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

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue<Job>> {
        // No code that can panic runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task that sends batches for this slot.
    pub(crate) fn start_batches(self: &Arc<Self>, slot: u16) {
        spawn(batch::run(Permit::new(self, slot)));
    }

    /// Returns the jobs of the next batch for this slot.
    pub(crate) fn next_batch(&self, slot: u16) -> Vec<Job> {
        self.queue().next_batch(slot, Job::is_abandoned)
    }

    /// Ends a batch task of this slot whose runtime has ended. If no other is running, the callers in the queue get an
    /// error.
    pub(crate) fn abandon(&self, slot: u16) {
        let left = self.queue().abandon(slot);
        drop(left);
    }
}

/// Waits until the deadline is extended. The task that extends it polls this future again.
async fn until_extended(end: &AtomicU64, deadline: Duration) {
    let is_later = || end.load(Relaxed) > micros(deadline);
    poll_fn(|_| if is_later() { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}
