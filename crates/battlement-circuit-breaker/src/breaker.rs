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

use tokio::time::Instant;

use crate::{
    State,
    config::Config,
    random,
    shared::Shared,
    state::{Course, Entry},
    ticket::{Kind, Ticket},
    window::{Rings, SlowWindow, Streak, Window},
};

mod change;
mod control;
#[cfg(all(test, battlement_loom))]
mod model;
mod seen;
mod settle;
#[cfg(all(test, not(battlement_loom)))]
mod tests;
mod word;

pub(crate) use self::{change::Report, word::Word};

/// The breaker of one key.
///
/// A call through a closed breaker reads the state word, and its success replaces the word of one bucket: there is no
/// lock. A failure also sums the buckets, with the settings under a read lock. The lock of the course is taken for
/// transitions, and for calls through a half-open breaker with a free slot.
pub(crate) struct Breaker {
    shared: Arc<Shared>,
    report: Option<Box<dyn Report>>,
    reports_verdicts: bool,
    /// The state and the generation, as of the last transition.
    word: AtomicU64,
    /// The time before which calls are rejected without a lock while the breaker is open or half-open.
    gate: AtomicU64,
    window: Window,
    slow: SlowWindow,
    streak: Streak,
    /// The calls of rates over a number of calls. Its lock is never held together with that of the course.
    rings: Mutex<Rings>,
    /// The latest time until which a failure asked for a pause.
    asked: AtomicU64,
    rejections: AtomicU64,
    course: Mutex<Course>,
}

impl Breaker {
    pub(crate) fn new(shared: Arc<Shared>, report: Option<Box<dyn Report>>) -> Arc<Self> {
        let reports_verdicts = report.as_ref().is_some_and(|report| report.counts_verdicts());
        Arc::new(Self {
            shared,
            report,
            reports_verdicts,
            word: AtomicU64::new(Word::new(State::Closed, 0).pack()),
            gate: AtomicU64::new(0),
            window: Window::default(),
            slow: SlowWindow::default(),
            streak: Streak::default(),
            rings: Mutex::new(Rings::default()),
            asked: AtomicU64::new(0),
            rejections: AtomicU64::new(0),
            course: Mutex::new(Course::new()),
        })
    }

    /// Admits a call, or returns the rest of the open time, with jitter.
    pub(crate) fn admit(self: &Arc<Self>, now: Instant) -> Result<Ticket, Duration> {
        Arc::clone(self).admit_at(self.shared.tick(now))
    }

    /// Admits a call as [`admit`](Self::admit) does. The ticket takes this reference.
    pub(crate) fn admit_at(self: Arc<Self>, tick: u64) -> Result<Ticket, Duration> {
        match self.pass(tick) {
            Ok(ticket) => Ok(ticket),
            Err(breaker) => {
                let word = breaker.word();
                breaker.admit_unclosed(word, tick)
            }
        }
    }

    /// Admits a call if the breaker is closed, which is the path of almost all calls; otherwise returns the reference.
    #[inline(always)]
    pub(crate) fn pass(self: Arc<Self>, tick: u64) -> Result<Ticket, Arc<Self>> {
        let word = self.word();
        if word.passes() { Ok(Ticket::new(self, word, tick, Kind::Call)) } else { Err(self) }
    }

    /// Returns the state as of the last call. An open breaker stays so until a call after the open time.
    pub(crate) fn state(&self) -> State {
        self.word().state()
    }

    /// Returns the settings of the breaker and its siblings.
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[cold]
    fn admit_unclosed(self: Arc<Self>, word: Word, tick: u64) -> Result<Ticket, Duration> {
        let config = self.shared.config();
        let gate = self.gate.load(Ordering::Acquire);
        let (word, entry) = if word.state().is_tripped() && tick < gate {
            (word, Entry::Wait(gate))
        } else {
            self.change(tick, |course| course.admit(tick, &config))
        };
        match entry {
            Entry::Pass => Ok(Ticket::new(self, word, tick, Kind::Call)),
            Entry::Probe(number) => Ok(Ticket::new(self, word, tick, Kind::Probe(number))),
            Entry::Wait(until) => {
                self.rejections.fetch_add(1, Ordering::Relaxed);
                if config.shadow {
                    if let Some(report) = &self.report {
                        report.shadowed();
                    }
                    return Ok(Ticket::new(self, word, tick, Kind::Shadow));
                }
                Err(rest(until.saturating_sub(tick), &config))
            }
        }
    }

    #[inline]
    fn word(&self) -> Word {
        Word::unpack(self.word.load(Ordering::Acquire))
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        // No code that can panic runs under the lock.
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the wait of a rejected call: the rest of the open time and up to a tenth of the first interval more, so that
/// the rejected callers do not return all at once.
fn rest(rest: u64, config: &Config) -> Duration {
    let jitter = random::between(0, config.open_for.interval(0) / 10, random::draw());
    Duration::from_nanos(rest.saturating_add(jitter))
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("state", &self.state()).finish_non_exhaustive()
    }
}
