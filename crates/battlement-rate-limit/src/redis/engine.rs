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
    sync::{oneshot, watch},
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    Observe, State,
    entry::{Answer, Entry},
    group::{Group, group_of},
    lanes::{Entered, Lanes},
    link::{Connect, Fault, Link},
    script::{By, Reply, Script},
    sent::Sent,
    signs::Signs,
    supervisor,
    turn::Turn,
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
    lanes: Mutex<Lanes<Job>>,
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

/// A question, and who waits for the answer.
#[derive(Debug)]
struct Job {
    question: Question,
    answer: oneshot::Sender<Result<Answered, StoreError>>,
}

#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) entry: Arc<Entry>,
    pub(super) deadline: Instant,
}

/// What Redis said, and when, by its clock.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) stamp: u64,
}

/// Commands on their way at once: the next batch gathers while two are out, and goes if it is full.
const FLIGHTS: usize = 2;
/// How often a question goes out anew that was certainly not decided.
const TRIES: usize = 3;

impl Engine {
    pub(super) fn new(settings: Settings, connect: Box<dyn Connect>, groups: usize) -> Self {
        let flights = if settings.together > 1 { FLIGHTS } else { settings.room.max(1) };
        let room = if settings.together > 1 { settings.room } else { 0 };
        Self {
            lanes: Mutex::new(Lanes::new(flights, settings.together, room)),
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

    /// Asks, and waits no longer than until the deadline. Dropped before the question was sent, it is not
    /// asked.
    pub(super) async fn ask(self: Arc<Self>, entry: Entry) -> Result<Answered, StoreError> {
        let deadline = Instant::now() + self.settings.deadline;
        let question = Question { entry: Arc::new(entry), deadline };
        let answered = timeout_at(deadline, self.answered(&question)).await;
        let result = answered.unwrap_or(Err(StoreError::Late));
        self.note(question.entry.slot, &result);
        result
    }

    /// What was said, of the first time that it was not too late.
    async fn answered(self: &Arc<Self>, question: &Question) -> Result<Answered, StoreError> {
        for _ in 0..TRIES {
            let answered = self.pass(question).await?;
            match answered.answer {
                // Within the deadline, so it was our idea of its clock that was wrong; that is put right.
                Answer::Stale => {}
                Answer::Failed(_) => return Err(StoreError::Failed),
                Answer::Done(_) => return Ok(answered),
            }
        }
        Err(StoreError::Late)
    }

    /// Goes alone or with others.
    async fn pass(self: &Arc<Self>, question: &Question) -> Result<Answered, StoreError> {
        self.supervise();
        let slot = question.entry.slot;
        let mut answered = None;
        let mut job = || {
            let (answer, receiver) = oneshot::channel();
            answered = Some(receiver);
            Job { question: question.clone(), answer }
        };
        let entered = self.lanes().enter(slot, &mut job);
        match entered {
            Entered::Goes => {
                let turn = Turn::begun(self, slot);
                if !self.is_joined(slot, &mut job).await {
                    let mut answers = self.send(std::slice::from_ref(question)).await?;
                    return answers.pop().ok_or(StoreError::Failed);
                }
                drop(turn);
            }
            Entered::Waits => {}
            Entered::Completes => self.hand_over(slot),
            Entered::Full => return Err(StoreError::Busy),
        }
        match answered {
            Some(answered) => answered.await.unwrap_or(Err(StoreError::Failed)),
            None => Err(StoreError::Failed),
        }
    }

    /// Whether others come who are about to: then `job` waits with them.
    async fn is_joined(&self, slot: u16, job: impl FnOnce() -> Job) -> bool {
        if self.settings.together == 1 {
            return false;
        }
        // Whoever was woken at the same time, as by the answers of one command, has its turn first. Without
        // that the first of them would go alone, and the others wait for it.
        yield_now().await;
        self.lanes().depart(slot, job)
    }

    /// Sends questions of one slot as one command.
    async fn send(&self, questions: &[Question]) -> Result<Vec<Answered>, StoreError> {
        let group = self.group(questions[0].entry.slot);
        for _ in 0..TRIES {
            let loads = group.loads.load(Relaxed);
            let link = self.link().await?;
            let result = match self.exchange(&**link, By::Hash, questions).await {
                Err(Fault::NoScript) => {
                    // Whoever is first loads it with a question of its own; the others come again.
                    let _loading = group.loading.lock().await;
                    if group.loads.load(Relaxed) != loads {
                        continue;
                    }
                    let result = self.exchange(&**link, By::Text, questions).await;
                    group.loads.fetch_add(u64::from(result.is_ok()), Relaxed);
                    result
                }
                // The client has been told where it is now.
                Err(Fault::Moved) => continue,
                result => result,
            };
            return result.map(Self::answers).map_err(|fault| self.fail(&fault));
        }
        Err(StoreError::Failed)
    }

    fn answers(reply: Reply) -> Vec<Answered> {
        let stamp = reply.now;
        reply.answers.into_iter().map(|answer| Answered { answer, stamp }).collect()
    }

    /// One command and what comes back.
    pub(super) async fn exchange(
        &self,
        link: &dyn Link,
        by: By,
        questions: &[Question],
    ) -> Result<Reply, Fault> {
        let clock = &self.group(questions[0].entry.slot).clock;
        let timed = questions.iter().map(|question| {
            let deadline = question.deadline.saturating_duration_since(self.began);
            (&*question.entry, clock.at(deadline))
        });
        let cmd = self.script.command(by, self.settings.now, timed);
        let sent = Sent::new(self, questions);
        let value = link.send(&cmd).await;
        let received = self.now();
        let entries = questions.iter().map(|question| &*question.entry);
        let reply =
            value.and_then(|value| self.script.reply(value, entries).map_err(|_| Fault::Malformed));
        if let Ok(reply) = &reply {
            clock.note(reply.now, sent.at, received);
        }
        sent.answered(received, reply.as_ref().map(|_| ()).map_err(StoreError::from));
        reply
    }

    /// The connection, once there is one.
    async fn link(&self) -> Result<Arc<Box<dyn Link>>, StoreError> {
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

    /// What a fault is to the caller; the supervisor hears of it.
    fn fail(&self, fault: &Fault) -> StoreError {
        if *fault == Fault::Broken {
            self.signs.broken();
        }
        fault.into()
    }

    fn note(&self, slot: u16, result: &Result<Answered, StoreError>) {
        if matches!(result, Err(StoreError::Busy | StoreError::Unavailable)) {
            return;
        }
        self.group(slot).note(self.now(), result.is_err());
        if result.is_err() {
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
        Instant::now().saturating_duration_since(self.began)
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

    fn lanes(&self) -> MutexGuard<'_, Lanes<Job>> {
        // Nothing that can panic runs under the lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command of this slot has come back, or is not waited for any longer: the next ones may go.
    pub(super) fn hand_over(self: &Arc<Self>, slot: u16) {
        let next = self.lanes().next(slot, |job| job.answer.is_closed());
        if next.is_empty() {
            return;
        }
        let flight = drive(Turn::new(self, slot), next);
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(flight)),
            Err(_) => drop(flight),
        }
    }

    /// A command of this slot will never be sent, since its runtime is gone. If none else is on its way, the
    /// callers of those that wait hear that nobody will answer.
    pub(super) fn give_up(&self, slot: u16) {
        let left = self.lanes().give_up(slot);
        drop(left);
    }
}

/// Sends questions that have waited, and tells those who still wait what was said.
async fn drive(mut turn: Turn, mut jobs: Vec<Job>) {
    let (engine, last) = (turn.begin(), jobs.iter().map(|job| job.question.deadline).max());
    let last = last.unwrap_or_else(Instant::now);
    // Who goes away while there is no connection is not asked for. If there will be none, sending tells.
    let _ = timeout_at(last, engine.link()).await;
    jobs.retain(|job| !job.answer.is_closed());
    if jobs.is_empty() {
        return;
    }
    let (questions, waiting): (Vec<_>, Vec<_>) =
        jobs.into_iter().map(|job| (job.question, job.answer)).unzip();
    let sent = timeout_at(last, engine.send(&questions)).await;
    // The next ones go before these are told.
    drop(turn);
    match sent.unwrap_or(Err(StoreError::Late)) {
        Ok(answers) => {
            for (waiting, answer) in waiting.into_iter().zip(answers) {
                let _ = waiting.send(Ok(answer));
            }
        }
        Err(error) => waiting.into_iter().for_each(|waiting| drop(waiting.send(Err(error)))),
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
