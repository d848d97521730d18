//! The state machine of a breaker outside its closed path: pure, with the time as an argument.

use crate::{HalfOpen, config::Config, snapshot::Counts};

mod trial;

use self::trial::{Progress, Trial};

#[cfg(all(test, not(battlement_loom)))]
mod tests;

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
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Closed, Self::Open, Self::HalfOpen, Self::ForcedOpen, Self::ForcedClosed];

    /// Returns whether failures of calls opened the breaker: it is open or half-open.
    #[must_use]
    pub const fn is_tripped(self) -> bool {
        matches!(self, Self::Open | Self::HalfOpen)
    }

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

/// The state of one breaker, and what led to it. Times are nanoseconds since the start.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    state: State,
    /// Changes with every transition; a ticket of an older generation is ignored.
    generation: u64,
    /// The openings in a row before the last one.
    row: u32,
    /// The interval of the last opening, without jitter.
    interval: u64,
    /// The time of the last closing.
    closed_at: Option<u64>,
    /// The time of the first opening since the breaker was closed.
    opened_at: u64,
    /// The end of the open time.
    until: u64,
    openings: u64,
    cause: Option<Counts>,
    trial: Trial,
}

/// The decision on a call that meets a breaker which was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The call passes: the breaker has closed.
    Pass,
    /// The call is the probe with this number.
    Probe(u32),
    /// The call is rejected, and so is every call before this time.
    Wait(u64),
}

/// The inputs of an opening.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    /// The random number of the jitter.
    pub(crate) random: u64,
    /// The time until which the upstream asked for a pause, or 0.
    pub(crate) asked: u64,
    /// The results in the time window.
    pub(crate) counts: Counts,
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
            cause: None,
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

    /// Returns the counts that led to the last opening.
    pub(crate) const fn cause(&self) -> Option<Counts> {
        self.cause
    }

    /// Returns the time of the opening, while the breaker is open or half-open.
    pub(crate) fn opened_at(&self) -> Option<u64> {
        self.state.is_tripped().then_some(self.opened_at)
    }

    /// Returns the time before which every call is rejected, while the breaker is open or half-open.
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
                match self.trial.admit(half_open(config), deadline) {
                    Some(number) => Entry::Probe(number),
                    None => Entry::Wait(self.trial.next_slot(half_open(config))),
                }
            }
        }
    }

    /// Moves the state to that of `now`.
    pub(crate) fn advance(&mut self, now: u64, config: &Config) {
        match self.state {
            State::Open if now >= self.until && config.half_open.is_some() => {
                self.trial = Trial::default();
                self.enter(State::HalfOpen);
            }
            State::Open if now >= self.until => self.close(now),
            State::HalfOpen if self.trial.sweep(now, half_open(config)) == Progress::Recovered => {
                self.close(now);
            }
            _ => {}
        }
    }

    /// Opens the breaker.
    pub(crate) fn open(&mut self, now: u64, config: &Config, opening: &Opening) {
        let healthy = self.closed_at.is_none_or(|at| now.saturating_sub(at) >= self.interval);
        if self.state == State::Closed {
            self.opened_at = now;
            self.row = if healthy { 0 } else { self.row.saturating_add(1) };
        } else {
            self.row = self.row.saturating_add(1);
        }
        self.interval = config.open_for.interval(self.row);
        let until = now.saturating_add(config.open_for.spread(self.interval, opening.random));
        let cap = now.saturating_add(config.open_for.cap());
        self.until = until.max(opening.asked.min(cap));
        self.openings += 1;
        self.cause = Some(opening.counts);
        self.enter(State::Open);
    }

    /// Records the verdict on a probe of this generation, unless the breaker has closed by the clock meanwhile.
    pub(crate) fn probed(
        &mut self,
        number: u32,
        success: bool,
        now: u64,
        config: &Config,
        opening: &Opening,
    ) {
        self.advance(now, config);
        if self.state != State::HalfOpen {
            return;
        }
        match self.trial.settle(number, success, half_open(config)) {
            Progress::Undecided => {}
            Progress::Recovered => self.close(now),
            Progress::Failed => self.open(now, config, opening),
        }
    }

    /// Gives back the slot of a probe of this generation without a verdict.
    pub(crate) fn give_back(&mut self, number: u32) {
        self.trial.give_back(number);
    }

    /// Notes that a probe of this generation has received a message.
    pub(crate) fn delivered(&mut self, number: u32) {
        self.trial.delivered(number);
    }

    /// Enters a state by the will of an operator; the next opening has the first interval.
    pub(crate) fn force(&mut self, state: State) {
        self.closed_at = None;
        self.enter(state);
    }

    /// Begins a new generation under new settings.
    pub(crate) fn renew(&mut self, now: u64, config: &Config) {
        self.trial = Trial::default();
        if self.state == State::HalfOpen && config.half_open.is_none() {
            self.close(now);
        } else {
            self.generation += 1;
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
