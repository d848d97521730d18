//! Traps of circuit breakers, each as a test, and the state machine against a naive model.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_core::{Failure, Pushback, RejectionKind, Verdict};

use super::*;
use crate::{HalfOpen, OpenFor, Rate, Snapshot, Trip};

mod control;
mod naive;
mod opens;
mod probes;
mod slow;
mod stale;

pub(super) const OK: Verdict = Verdict::Success;
pub(super) const FAILED: Verdict = Verdict::Failure(Failure::Server);
pub(super) const TIMED_OUT: Verdict = Verdict::Failure(Failure::Timeout);
pub(super) const BUSY: Verdict = Verdict::Failure(Failure::Rejected(RejectionKind::Overloaded));

/// Returns a verdict of an overloaded upstream that asks for a pause.
fn asks(seconds: u64) -> Verdict {
    let pushback = Some(Pushback::Wait(seconds.seconds()));
    Verdict::Failure(Failure::Overload { pushback })
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

trait Seconds {
    fn seconds(self) -> Duration;
}

impl Seconds for u64 {
    fn seconds(self) -> Duration {
        Duration::from_secs(self)
    }
}

/// A breaker with a clock of its own.
struct Rig {
    breaker: Arc<Breaker>,
    now: Instant,
}

impl Rig {
    /// Creates a breaker with the default settings, but an open time without jitter.
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { open_for: OpenFor::default().jitter(false), ..Config::default() };
        change(&mut config);
        let shared = Shared::new(config.checked().unwrap());
        // The shared state has just read the clock for its start.
        Self { breaker: Breaker::new(shared, None), now: Instant::now() }
    }

    /// Returns a breaker that has opened.
    fn opened() -> Self {
        let mut rig = Self::new();
        rig.calls(5, FAILED);
        assert_eq!(rig.state(), State::Open);
        rig
    }

    /// Returns a breaker at the end of its open time.
    fn half_open() -> Self {
        let mut rig = Self::opened();
        rig.pass(5.seconds());
        assert_eq!(rig.state(), State::HalfOpen);
        rig
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn admit(&self) -> Result<Ticket, Duration> {
        self.breaker.admit(self.now)
    }

    /// Admits a call that must not be rejected.
    fn ticket(&self) -> Ticket {
        self.admit().unwrap_or_else(|rest| panic!("rejected for {rest:?}"))
    }

    fn settle(&self, ticket: Ticket, verdict: Verdict) {
        ticket.settle(verdict, self.now);
    }

    fn call(&self, verdict: Verdict) {
        self.settle(self.ticket(), verdict);
    }

    fn calls(&mut self, number: u32, verdict: Verdict) {
        (0..number).for_each(|_| self.call(verdict));
    }

    fn seen(&self) -> Snapshot {
        self.breaker.snapshot(self.now)
    }

    fn state(&self) -> State {
        self.seen().state
    }

    /// Asserts that a call is rejected now.
    fn rejects(&self) -> Duration {
        self.admit().expect_err("admitted")
    }

    /// Opens the closed breaker again, and returns the open time.
    fn reopen(&mut self) -> Duration {
        self.calls(5, FAILED);
        let seen = self.seen();
        assert_eq!(seen.state, State::Open);
        seen.next_probe.unwrap()
    }

    /// Passes the open time, and closes the breaker by two probes.
    fn recover(&mut self) {
        self.pass(self.seen().next_probe.unwrap());
        self.calls(2, OK);
        assert_eq!(self.state(), State::Closed);
    }
}
