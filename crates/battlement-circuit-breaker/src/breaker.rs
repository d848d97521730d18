#[cfg(battlement_loom)]
use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(not(battlement_loom))]
use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use battlement_core::{Failure, Verdict};
use tokio::{sync::watch, time::Instant};

use crate::{
    Snapshot, State, Transition,
    config::{Config, Shared},
    open_for::nanos,
    random,
    state::{Course, Entry},
    ticket::{Kind, Ticket},
    window::{Class, Window},
};

mod seen;
mod word;

pub(crate) use self::word::Word;

/// Receives the transitions of a breaker. Two threads may report them out of order; their numbers tell.
pub(crate) trait Report: Send + Sync {
    /// Reports a transition. Called outside the breaker's lock.
    fn moved(&self, transition: &Transition);

    /// Returns whether verdicts are reported.
    fn counts_verdicts(&self) -> bool;

    /// Reports the verdict on a call.
    fn judged(&self, verdict: Verdict);

    /// Returns whether one more key may be open, if at most the share `most` may be, and counts it.
    fn may_open(&self, most: f64) -> bool;

    /// Returns a channel of the transitions after the state that `current` returns.
    fn subscribe(&self, current: &dyn Fn() -> (u64, State)) -> watch::Receiver<(u64, State)>;
}

/// The breaker of one key. While it is closed, calls take no lock.
pub(crate) struct Breaker {
    shared: Arc<Shared>,
    report: Option<Box<dyn Report>>,
    /// The state and the generation.
    word: AtomicU64,
    /// The time before which calls are rejected at once while the breaker is open or half-open.
    gate: AtomicU64,
    window: Window,
    streak: AtomicU64,
    /// The time that failures of this generation asked for.
    asked: AtomicU64,
    rejections: AtomicU64,
    course: Mutex<Course>,
}

impl Breaker {
    pub(crate) fn new(shared: Arc<Shared>, report: Option<Box<dyn Report>>) -> Arc<Self> {
        Arc::new(Self {
            shared,
            report,
            word: AtomicU64::new(Word::new(State::Closed, 0).pack()),
            gate: AtomicU64::new(0),
            window: Window::default(),
            streak: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            rejections: AtomicU64::new(0),
            course: Mutex::new(Course::new()),
        })
    }

    /// Admits a call, or returns the rest of the open time, with jitter.
    pub(crate) fn admit(self: &Arc<Self>, now: Instant) -> Result<Ticket, Duration> {
        let (word, tick) = (self.word(), self.shared.tick(now));
        if word.passes() {
            return Ok(Ticket::new(self, word, tick, Kind::Call));
        }
        self.admit_unclosed(word, tick)
    }

    /// Returns the state, as of the last call.
    pub(crate) fn state(&self) -> State {
        self.word().state()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Returns the state at `now`, with the counts behind it.
    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        let (tick, config) = (self.shared.tick(now), self.shared.config());
        self.change(tick, |course| course.advance(tick, &config));
        let course = self.lock();
        let since = |at: u64| Duration::from_nanos(tick.saturating_sub(at));
        let gate = course.gate(&config);
        Snapshot {
            state: course.state(),
            shadow: config.shadow,
            counts: self.window.counts(course.generation(), self.slot(tick, &config)),
            consecutive_failures: self.streak.load(Ordering::Relaxed),
            openings: course.openings(),
            rejections: self.rejections.load(Ordering::Relaxed),
            open_since: course.opened_at().map(since),
            next_probe: gate.map(|at| Duration::from_nanos(at.saturating_sub(tick))),
        }
    }

    /// Forces the breaker open or closed until [`unforce`](Self::unforce).
    pub(crate) fn force(&self, open: bool, now: Instant) {
        let state = if open { State::ForcedOpen } else { State::ForcedClosed };
        self.change(self.shared.tick(now), |course| course.force(state));
    }

    /// Ends a forced state: the breaker is closed, and its counts begin anew.
    pub(crate) fn unforce(&self, now: Instant) {
        self.change(self.shared.tick(now), |course| {
            if matches!(course.state(), State::ForcedOpen | State::ForcedClosed) {
                course.force(State::Closed);
            }
        });
    }

    /// Closes the breaker and forgets its counts.
    pub(crate) fn reset(&self, now: Instant) {
        self.change(self.shared.tick(now), |course| course.force(State::Closed));
    }

    /// Begins the counts anew, after new settings.
    pub(crate) fn renew(&self, now: Instant) {
        self.change(self.shared.tick(now), Course::renew);
    }

    pub(crate) fn settle(&self, ticket: &Ticket, verdict: Verdict, now: Instant) {
        let tick = self.shared.tick(now);
        match verdict {
            _ if self.word() != ticket.word() => {}
            Verdict::Failure(failure) if Class::of(failure) != Class::Ignored => {
                self.failed(ticket, failure, tick);
            }
            Verdict::Success => self.succeeded(ticket, tick),
            _ => self.ignored(ticket, tick),
        }
    }

    /// Gives back the slot of a probe.
    pub(crate) fn give_back(&self, ticket: &Ticket, number: u32) {
        self.of_probe(ticket, |course| course.give_back(number));
    }

    pub(crate) fn delivered(&self, ticket: &Ticket, number: u32) {
        self.of_probe(ticket, |course| course.delivered(number));
    }

    fn of_probe(&self, ticket: &Ticket, change: impl FnOnce(&mut Course)) {
        let mut course = self.lock();
        if course.generation() == ticket.word().generation() {
            change(&mut course);
            self.publish(&course);
        }
    }

    #[cold]
    fn admit_unclosed(self: &Arc<Self>, word: Word, tick: u64) -> Result<Ticket, Duration> {
        let config = self.shared.config();
        let gate = self.gate.load(Ordering::Acquire);
        let (word, entry) = if word.state() != State::ForcedOpen && tick < gate {
            (word, Entry::Wait(gate))
        } else {
            self.enter(tick, &config)
        };
        match entry {
            Entry::Pass => Ok(Ticket::new(self, word, tick, Kind::Call)),
            Entry::Probe(number) => Ok(Ticket::new(self, word, tick, Kind::Probe(number))),
            Entry::Wait(until) => {
                self.rejections.fetch_add(1, Ordering::Relaxed);
                if config.shadow {
                    return Ok(Ticket::new(self, word, tick, Kind::Shadow));
                }
                Err(self.rest(until.saturating_sub(tick), &config))
            }
        }
    }

    /// Returns the wait of a rejected call: the rest of the open time, and up to a tenth of the first interval.
    fn rest(&self, rest: u64, config: &Config) -> Duration {
        let jitter = random::between(0, config.open_for.interval(0) / 10, random::draw());
        Duration::from_nanos(rest.saturating_add(jitter))
    }

    fn enter(&self, tick: u64, config: &Config) -> (Word, Entry) {
        let mut entry = Entry::Pass;
        let word = self.change(tick, |course| entry = course.admit(tick, config));
        (word, entry)
    }

    fn succeeded(&self, ticket: &Ticket, tick: u64) {
        let config = self.shared.config();
        self.count(Class::Success, ticket, tick, &config);
        if self.streak.load(Ordering::Relaxed) != 0 {
            self.streak.store(0, Ordering::Relaxed);
        }
        self.probed(ticket, true, tick, &config);
    }

    fn ignored(&self, ticket: &Ticket, tick: u64) {
        self.count(Class::Ignored, ticket, tick, &self.shared.config());
        if let Kind::Probe(number) = ticket.kind() {
            self.give_back(ticket, number);
        }
    }

    #[cold]
    fn failed(&self, ticket: &Ticket, failure: Failure, tick: u64) {
        let config = self.shared.config();
        self.count(Class::of(failure), ticket, tick, &config);
        let streak = self.streak.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(wait) = failure.retry_after() {
            self.asked.fetch_max(tick.saturating_add(nanos(wait)), Ordering::Relaxed);
        }
        self.probed(ticket, false, tick, &config);
        if ticket.word().state() == State::Closed {
            let word = ticket.word();
            let counts = self.window.counts(word.generation(), self.slot(tick, &config));
            if config.trip.trips(&counts, streak) {
                self.trip(word, tick, &config);
            }
        }
    }

    /// Opens the breaker, unless another thread has changed its state.
    fn trip(&self, word: Word, tick: u64, config: &Config) {
        let asked = self.asked.load(Ordering::Relaxed);
        self.change(tick, |course| {
            if course.generation() == word.generation() && self.may_open(config) {
                course.open(tick, config, random::draw(), asked);
            }
        });
    }

    fn probed(&self, ticket: &Ticket, success: bool, tick: u64, config: &Config) {
        let Kind::Probe(number) = ticket.kind() else { return };
        let asked = self.asked.load(Ordering::Relaxed);
        self.change(tick, |course| {
            if course.generation() == ticket.word().generation() {
                course.probed(number, success, tick, config, random::draw(), asked);
            }
        });
    }

    fn count(&self, class: Class, ticket: &Ticket, tick: u64, config: &Config) {
        self.window.record(class, ticket.word().generation(), self.slot(tick, config));
    }

    fn slot(&self, tick: u64, config: &Config) -> u64 {
        tick / config.trip.step()
    }

    fn word(&self) -> Word {
        Word::unpack(self.word.load(Ordering::Acquire))
    }

    /// Changes the course, and reports the transition if there is one. Returns the word after it.
    fn change(&self, tick: u64, change: impl FnOnce(&mut Course)) -> Word {
        let mut course = self.lock();
        let before = Word::new(course.state(), course.generation());
        change(&mut course);
        let after = self.publish(&course);
        let report = self.report.as_ref().filter(|_| before.state() != after.state());
        let config = self.shared.config();
        let transition = report.map(|_| Transition {
            number: after.generation(),
            from: before.state(),
            to: after.state(),
            counts: self.window.counts(before.generation(), self.slot(tick, &config)),
            open_for: (after.state() == State::Open)
                .then(|| course.gate(&config).unwrap_or(0).saturating_sub(tick))
                .map(Duration::from_nanos),
        });
        if before != after {
            self.streak.store(0, Ordering::Relaxed);
            self.asked.store(0, Ordering::Relaxed);
        }
        drop(course);
        if let (Some(report), Some(transition)) = (&self.report, transition) {
            report.moved(&transition);
        }
        after
    }

    fn publish(&self, course: &Course) -> Word {
        let word = Word::new(course.state(), course.generation());
        self.gate.store(course.gate(&self.shared.config()).unwrap_or(0), Ordering::Release);
        self.word.store(word.pack(), Ordering::Release);
        word
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        // No code that can panic runs under the lock.
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("state", &self.state()).finish_non_exhaustive()
    }
}
