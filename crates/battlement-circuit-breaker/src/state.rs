//! The state machine of a breaker outside its closed path: pure, with the time as an argument.

use crate::{HalfOpen, config::Config};

mod trial;

use self::trial::{Progress, Trial};

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls pass, and their results are counted.
    Closed,
    /// Calls are rejected until the open time has passed.
    Open,
    /// Probes pass, and further calls are rejected.
    HalfOpen,
    /// Calls are rejected until an operator ends it.
    ForcedOpen,
    /// Calls pass, whatever their results, until an operator ends it.
    ForcedClosed,
}

impl State {
    /// Returns the value for labels and documents, as `half_open`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::ForcedClosed => "forced_closed",
        }
    }
}

/// The state of one breaker and the course that led to it. Times are nanoseconds since the start.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    state: State,
    /// Changes with every transition; a ticket of an older generation is ignored.
    generation: u64,
    /// The openings since the last time of good health, less one.
    row: u32,
    /// The interval of the last opening, without jitter.
    interval: u64,
    /// The time of the last closing.
    closed_at: Option<u64>,
    opened_at: u64,
    /// The end of the open time.
    until: u64,
    openings: u64,
    trial: Trial,
}

/// The way of a call into a breaker that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The breaker has closed.
    Pass,
    /// The call is a probe with this number.
    Probe(u32),
    /// The call is rejected; calls before this time are, too.
    Wait(u64),
}

impl Course {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            generation: 0,
            row: 0,
            interval: 0,
            closed_at: None,
            opened_at: 0,
            until: 0,
            openings: 0,
            trial: Trial::default(),
        }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) const fn openings(&self) -> u64 {
        self.openings
    }

    /// Returns the time of the opening, while the breaker is open or half-open.
    pub(crate) fn opened_at(&self) -> Option<u64> {
        matches!(self.state, State::Open | State::HalfOpen).then_some(self.opened_at)
    }

    /// Returns the time before which every call is rejected, if there is one.
    pub(crate) fn gate(&self, config: &Config) -> Option<u64> {
        match self.state {
            State::Open => Some(self.until),
            State::HalfOpen => Some(self.trial.next_slot(half_open(config))),
            _ => None,
        }
    }

    /// Decides on a call at `now`.
    pub(crate) fn admit(&mut self, now: u64, config: &Config) -> Entry {
        self.advance(now, config);
        match self.state {
            State::Closed | State::ForcedClosed => Entry::Pass,
            State::ForcedOpen => Entry::Wait(now.saturating_add(config.open_for.interval(0))),
            State::Open => Entry::Wait(self.until),
            State::HalfOpen => {
                let deadline = now.saturating_add(self.interval);
                let number = self.trial.admit(half_open(config), deadline);
                number.map_or_else(
                    || Entry::Wait(self.trial.next_slot(half_open(config))),
                    Entry::Probe,
                )
            }
        }
    }

    /// Moves the state to that of `now`.
    pub(crate) fn advance(&mut self, now: u64, config: &Config) {
        match self.state {
            State::Open if now >= self.until && config.half_open.is_some() => {
                self.enter(State::HalfOpen);
                self.trial = Trial::default();
            }
            State::Open if now >= self.until => self.close(now),
            State::HalfOpen => {
                let progress = self.trial.sweep(now, half_open(config));
                self.follow(progress, now, config, 0, 0);
            }
            _ => {}
        }
    }

    /// Opens the breaker until a time drawn by `random`, and at least until `asked`.
    pub(crate) fn open(&mut self, now: u64, config: &Config, random: u64, asked: u64) {
        let healthy = self.closed_at.is_none_or(|at| now.saturating_sub(at) >= self.interval);
        let is_first = self.state == State::Closed && healthy;
        self.row = if is_first { 0 } else { self.row.saturating_add(1) };
        self.interval = config.open_for.interval(self.row);
        let until = now.saturating_add(config.open_for.spread(self.interval, random));
        let cap = now.saturating_add(config.open_for.cap());
        self.until = until.max(asked.min(cap));
        if self.state == State::Closed {
            self.opened_at = now;
        }
        self.openings += 1;
        self.enter(State::Open);
    }

    /// Records the result of a probe.
    pub(crate) fn probed(
        &mut self,
        number: u32,
        success: bool,
        now: u64,
        config: &Config,
        random: u64,
        asked: u64,
    ) {
        let progress = self.trial.settle(number, success, half_open(config));
        self.follow(progress, now, config, random, asked);
    }

    /// Gives back the slot of a probe without a result.
    pub(crate) fn give_back(&mut self, number: u32) {
        self.trial.give_back(number);
    }

    /// Notes that a probe has received a message.
    pub(crate) fn delivered(&mut self, number: u32) {
        self.trial.delivered(number);
    }

    /// Enters a forced state, or leaves it for the closed one.
    pub(crate) fn force(&mut self, state: State) {
        self.enter(state);
        self.row = 0;
        self.closed_at = None;
    }

    /// Begins a new generation in the same state.
    pub(crate) fn renew(&mut self) {
        self.generation += 1;
        self.trial = Trial::default();
    }

    fn follow(&mut self, progress: Progress, now: u64, config: &Config, random: u64, asked: u64) {
        match progress {
            Progress::Undecided => {}
            Progress::Recovered => self.close(now),
            Progress::Failed => self.open(now, config, random, asked),
        }
    }

    fn close(&mut self, now: u64) {
        self.closed_at = Some(now);
        self.enter(State::Closed);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

fn half_open(config: &Config) -> HalfOpen {
    config.half_open.unwrap_or_default()
}
