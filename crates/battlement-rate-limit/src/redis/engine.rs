use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    Observe, State,
    crowd::Crowd,
    entry::{Answer, Entry},
    flight::{self, Job},
    group::{Group, group_of},
    lanes::Lanes,
    link::{Connect, Fault, Link},
    script::{By, Reply, Script},
    sent::Sent,
    signs::Signs,
    supervisor,
    turn::Turn,
    way::Way,
};
use crate::StoreError;

/// What all clones of a [`Redis`](super::Redis) share: sends questions, and knows whether to.
pub(super) struct Engine {
    pub(super) settings: Settings,
    pub(super) connect: Box<dyn Connect>,
    pub(super) link: ArcSwapOption<Box<dyn Link>>,
    pub(super) phase: watch::Sender<Phase>,
    /// Whether the phase is down, for requests.
    down: AtomicBool,
    pub(super) groups: Box<[Group]>,
    pub(super) signs: Signs,
    script: Script,
    /// Of questions that go together.
    lanes: Mutex<Lanes<Job>>,
    /// Of questions that go alone.
    pub(super) crowd: Crowd,
    began: Instant,
    /// Whether there is a task that looks after it.
    supervised: AtomicBool,
}

pub(super) struct Settings {
    pub(super) deadline: Duration,
    pub(super) prefix: String,
    pub(super) together: usize,
    pub(super) room: usize,
    pub(super) observe: Option<Arc<dyn Observe>>,
    /// In place of the clock of Redis, in tests.
    pub(super) now: Option<u64>,
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not yet, and it is worth waiting for one.
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
/// How often a question goes out anew that was certainly not decided.
const TRIES: usize = 3;

impl Engine {
    pub(super) fn new(settings: Settings, connect: Box<dyn Connect>, groups: usize) -> Self {
        Self {
            lanes: Mutex::new(Lanes::new(FLIGHTS, settings.together, settings.room)),
            crowd: Crowd::new(settings.room, settings.deadline),
            settings,
            connect,
            link: ArcSwapOption::empty(),
            phase: watch::Sender::new(Phase::Connecting),
            down: AtomicBool::new(false),
            groups: (0..groups).map(|_| Group::new()).collect(),
            signs: Signs::default(),
            script: Script::new(),
            began: Instant::now(),
            supervised: AtomicBool::new(false),
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
        self.supervise();
        let deadline = asked + self.settings.deadline;
        let answered = self.answered::<W>(self.since(asked), &entry);
        let result = timeout_at(deadline, answered).await.unwrap_or(Err(StoreError::Late));
        if let Err(error) = &result {
            self.note_failure(slot, deadline, *error);
        }
        result
    }

    /// What was said, of the first time that it was not too late.
    async fn answered<W: Way>(
        self: &Arc<Self>,
        asked: Duration,
        entry: &impl Fn() -> Entry,
    ) -> Result<Answered, StoreError> {
        let deadline = asked + self.settings.deadline;
        for _ in 0..TRIES {
            let answered = W::go(self, Question { entry: entry(), deadline }, asked).await?;
            match answered.answer {
                // Within the deadline, so it was our idea of its clock that was wrong; that is put right.
                Answer::Stale => {}
                Answer::Failed(_) => return Err(StoreError::Failed),
                Answer::Done(_) => return Ok(answered),
            }
        }
        Err(StoreError::Late)
    }

    /// Sends questions of one slot as one command.
    pub(super) async fn send<Q: AsRef<Question>>(
        &self,
        questions: &[Q],
    ) -> Result<Replied, StoreError> {
        let group = self.group(questions[0].as_ref().entry.slot);
        for _ in 0..TRIES {
            let loads = group.loads.load(Relaxed);
            let link = self.link().await?;
            let result = match self.exchange(&**link, By::Hash, questions, self.now()).await {
                Err(Fault::NoScript) => {
                    // Whoever is first loads it with a question of its own; the others come again.
                    let _loading = group.loading.lock().await;
                    if group.loads.load(Relaxed) != loads {
                        continue;
                    }
                    let result = self.exchange(&**link, By::Text, questions, self.now()).await;
                    group.loads.fetch_add(u64::from(result.is_ok()), Relaxed);
                    result
                }
                // The client has been told where it is now.
                Err(Fault::Moved) => continue,
                result => result,
            };
            return self.noted(group, result);
        }
        Err(StoreError::Failed)
    }

    /// One command, asked at `asked` or later, and what comes back.
    pub(super) async fn exchange<Q: AsRef<Question>>(
        &self,
        link: &dyn Link,
        by: By,
        questions: &[Q],
        asked: Duration,
    ) -> Result<Replied, Fault> {
        let clock = &self.group(questions[0].as_ref().entry.slot).clock;
        let timed = questions.iter().map(|question| {
            let Question { entry, deadline } = question.as_ref();
            (entry, clock.at(*deadline))
        });
        let cmd = self.script.command(by, self.settings.now, timed);
        let last = questions.iter().map(|question| question.as_ref().deadline).max();
        let sent = Sent::new(self, questions.len(), asked, last.unwrap_or(asked));
        let value = link.sent(&cmd).await;
        let received = self.now();
        let entries = questions.iter().map(|question| &question.as_ref().entry);
        let reply =
            value.and_then(|value| Reply::of(&value, entries).map_err(|_| Fault::Malformed));
        if let Ok(reply) = &reply {
            clock.note(reply.now, asked, received);
        }
        sent.answered(received, reply.as_ref().map(|_| ()).map_err(StoreError::from));
        reply.map(|reply| Replied { reply, received })
    }

    /// The connection, once there is one.
    pub(super) async fn link(&self) -> Result<Arc<Box<dyn Link>>, StoreError> {
        if let Some(link) = self.link.load_full() {
            return Ok(link);
        }
        let (mut phase, mut link) = (self.phase.subscribe(), None);
        // Not until the phase is no more connecting: where a connection is taken away, that tells later.
        let settled = phase.wait_for(|phase| {
            link = self.link.load_full();
            link.is_some() || *phase == Phase::Down
        });
        drop(settled.await);
        link.ok_or(StoreError::Unavailable)
    }

    /// What came back counts for the group; a fault is heard of by the supervisor, and what it is to the caller is
    /// returned.
    pub(super) fn noted(
        &self,
        group: &Group,
        result: Result<Replied, Fault>,
    ) -> Result<Replied, StoreError> {
        match &result {
            Ok(replied) => group.note_successes(replied.received, replied.reply.done()),
            Err(Fault::Broken) => self.signs.broken(),
            Err(_) => {}
        }
        result.map_err(|fault| StoreError::from(&fault))
    }

    fn note_failure(&self, slot: u16, deadline: Instant, error: StoreError) {
        if !matches!(error, StoreError::Busy | StoreError::Unavailable) {
            let asked = deadline - self.settings.deadline;
            let asked = asked.saturating_duration_since(self.began);
            self.group(slot).note_failure(asked, self.now());
            self.signs.suspect(group_of(slot, self.groups.len()));
        }
    }

    /// Takes a connection into use, or none.
    pub(super) fn put(&self, link: Option<Arc<Box<dyn Link>>>, phase: Phase) {
        self.link.store(link);
        self.down.store(phase == Phase::Down, Relaxed);
        self.phase.send_replace(phase);
    }

    /// The groups that are not asked.
    pub(super) fn open_groups(&self) -> Vec<usize> {
        (0..self.groups.len()).filter(|index| self.groups[*index].is_open()).collect()
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

    /// Sees to it that a task looks after the connection, in whatever runtime there is now.
    pub(super) fn supervise(self: &Arc<Self>) {
        if !self.supervised.load(Relaxed)
            && let Ok(runtime) = Handle::try_current()
            && !self.supervised.swap(true, Relaxed)
        {
            let supervised = Supervised(Arc::clone(self));
            runtime.spawn(async move { supervisor::run(&supervised.0).await });
        }
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, Lanes<Job>> {
        // Nothing that can panic runs under the lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A flight of this slot begins, for which there is room.
    pub(super) fn begin_flight(self: &Arc<Self>, slot: u16) {
        spawn(flight::fly(Turn::new(self, slot)));
    }

    /// Those who go with a flight that leaves now.
    pub(super) fn leave(&self, slot: u16) -> Vec<Job> {
        self.lanes().leave(slot, Job::is_gone)
    }

    pub(super) fn is_linked(&self) -> bool {
        self.link.load().is_some()
    }

    /// A flight of this slot will never leave, since its runtime is gone. If none else is on its way, the
    /// callers of those that wait hear that nobody will answer.
    pub(super) fn give_up(&self, slot: u16) {
        let left = self.lanes().give_up(slot);
        drop(left);
    }
}

/// What came back, and when.
pub(super) struct Replied {
    pub(super) reply: Reply,
    received: Duration,
}

impl Replied {
    /// Of each question.
    pub(super) fn answered(self) -> impl Iterator<Item = Answered> {
        let Reply { now: stamp, answers } = self.reply;
        answers.into_iter().map(move |answer| Answered { answer, stamp })
    }
}

/// Runs it in whatever runtime there is now, or drops it.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        drop(runtime.spawn(task));
    }
}

/// That a task looks after the connection; if it ends with its runtime, the next call starts another.
struct Supervised(Arc<Engine>);

impl Drop for Supervised {
    fn drop(&mut self) {
        let engine = &self.0;
        engine.put(None, Phase::Connecting);
        engine.supervised.store(false, Relaxed);
    }
}

impl From<&Fault> for StoreError {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Late => Self::Late,
            _ => Self::Failed,
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("state", &self.state()).finish_non_exhaustive()
    }
}
