use std::{sync::Arc, time::Duration};

use battlement_core::Deadline;
use tokio::time::Instant;

use crate::{
    Attempt, AttemptOutcome, Budget, BudgetPermit, StopReason, ThrottleTicket, config::Config,
    random,
};

#[cfg(test)]
mod tests;

/// The progress of one call: its attempts and waits, and what it may still take from the budget.
#[derive(Debug)]
pub(crate) struct Course {
    config: Arc<Config>,
    budget: Option<Budget>,
    start: Instant,
    attempt: u32,
    /// The start of the attempt.
    attempt_start: Instant,
    /// Whether the attempt was pending, and so took time.
    was_pending: bool,
    previous_wait: Option<Duration>,
    /// Whether a request that is not idempotent was repeated because it was not processed.
    was_repeated_unprocessed: bool,
    ticket: Option<ThrottleTicket>,
}

/// The judgment of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) step: Step,
}

#[cfg(feature = "http")]
impl Judged {
    /// Stops a retry for the reason `stop`, if there is one.
    pub(crate) const fn unless(self, stop: Option<StopReason>) -> Self {
        match (self.step, stop) {
            (Step::Again(_), Some(stop)) => Self { outcome: self.outcome, step: Step::Stop(stop) },
            _ => self,
        }
    }
}

/// The step after an attempt, as far as its result alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The result goes back to the caller, and is not a failure.
    Pass,
    /// The failure goes back to the caller.
    Stop(StopReason),
    /// Another attempt, if there are attempts, budget and time.
    Again(Ask),
}

/// A wanted retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) wait: Wait,
    pub(crate) is_timeout: bool,
    /// Whether the request may be repeated only because it was not processed.
    pub(crate) is_unprocessed_only: bool,
}

/// The wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(feature = "http", test)),
    expect(dead_code, reason = "a policy does not name a class")
)]
pub(crate) enum Wait {
    Backoff,
    /// The backoff for an overloaded service.
    Overload,
    /// The wait that the service asked for, with the jitter of the backoff added.
    Pushback(Duration),
    /// The wait that a policy chose.
    Exactly(Duration),
}

/// A retry that was decided. Dropping it gives back what it takes from the budget and from the throttle.
#[derive(Debug)]
pub(crate) struct Pause {
    pub(crate) until: Instant,
    wait: Duration,
    is_unprocessed_only: bool,
    permit: Option<BudgetPermit>,
    ticket: Option<ThrottleTicket>,
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            ticket.cancel();
        }
    }
}

impl Course {
    pub(crate) const fn new(
        config: Arc<Config>,
        budget: Option<Budget>,
        now: Instant,
        ticket: Option<ThrottleTicket>,
    ) -> Self {
        Self {
            config,
            budget,
            start: now,
            attempt: 1,
            attempt_start: now,
            was_pending: false,
            previous_wait: None,
            was_repeated_unprocessed: false,
            ticket,
        }
    }

    pub(crate) const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub(crate) const fn number(&self) -> u32 {
        self.attempt
    }

    /// Returns whether the settings allow another attempt.
    pub(crate) fn is_last(&self) -> bool {
        self.attempt >= self.config.attempts
    }

    /// Returns the attempt as a policy sees it. Reads the clock.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt::new(self.attempt, self.config.attempts, self.start.elapsed())
    }

    pub(crate) const fn pending(&mut self) {
        self.was_pending = true;
    }

    /// Counts an attempt that has ended.
    #[inline]
    pub(crate) fn ended(&mut self, outcome: AttemptOutcome) {
        match self.ticket.take() {
            Some(ticket) if outcome.is_accepted() => ticket.accept(),
            // The attempt did not reach the service.
            Some(ticket) if outcome == AttemptOutcome::Rejected => ticket.cancel(),
            _ => {}
        }
        // An attempt that was ready at once is not worth a reading of the clock.
        if self.was_pending && outcome == AttemptOutcome::Success {
            self.config.latencies.record(self.attempt_start.elapsed());
        }
        if let Some(observer) = self.config.observer.get() {
            observer.attempt(outcome);
        }
    }

    /// Decides whether another attempt follows, and takes it from the budget.
    pub(crate) fn plan(
        &self,
        ask: Ask,
        deadline: Option<Deadline>,
        now: Instant,
    ) -> Result<Pause, StopReason> {
        if self.is_last() {
            return Err(StopReason::Exhausted);
        }
        if ask.is_unprocessed_only && self.was_repeated_unprocessed {
            return Err(StopReason::NotIdempotent);
        }
        let wait = self.wait(ask.wait, random::draw())?;
        let needed = || wait.saturating_add(self.config.latencies.needed());
        if deadline.is_some_and(|deadline| deadline.remaining_at(now) < needed()) {
            return Err(StopReason::Deadline);
        }
        let permit = self.withdraw(ask.is_timeout, now)?;
        let ticket = match &self.config.throttle {
            Some(throttle) => {
                Some(throttle.begin(now, random::draw()).ok_or(StopReason::Throttled)?)
            }
            None => None,
        };
        // A clock has an end that a wait without one would exceed.
        let until = Deadline::after(now, wait).instant();
        Ok(Pause { until, wait, is_unprocessed_only: ask.is_unprocessed_only, permit, ticket })
    }

    /// Begins the wait before a retry whose request was made.
    pub(crate) fn wait_for(&mut self, pause: &Pause) {
        self.previous_wait = Some(pause.wait);
        self.was_repeated_unprocessed |= pause.is_unprocessed_only;
        if let Some(observer) = self.config.observer.get() {
            observer.retry(pause.wait);
        }
    }

    /// Begins the next attempt, which spends the retry.
    pub(crate) fn next(&mut self, mut pause: Pause, now: Instant) {
        self.attempt += 1;
        (self.attempt_start, self.was_pending) = (now, false);
        self.ticket = pause.ticket.take();
        if let Some(permit) = pause.permit.take() {
            permit.spend();
        }
    }

    /// Counts and logs a failure that goes back to the caller.
    pub(crate) fn stopped(&self, reason: StopReason) {
        if let Some(observer) = self.config.observer.get() {
            observer.stopped(reason);
        }
        if reason.is_given_up()
            && let Some(suppressed) = self.config.log.admit()
        {
            let (attempts, reason) = (self.attempt, reason.as_str());
            tracing::warn!(attempts, reason, suppressed, "retries of a call gave up");
        }
    }

    fn wait(&self, wait: Wait, random: u64) -> Result<Duration, StopReason> {
        let config = &self.config;
        let jittered =
            |backoff: &crate::Backoff| backoff.wait(self.attempt, self.previous_wait, random);
        let pushback = match wait {
            Wait::Backoff => return Ok(jittered(&config.backoff)),
            Wait::Overload => return Ok(jittered(&config.overload)),
            Wait::Pushback(wait) | Wait::Exactly(wait) => wait,
        };
        if pushback > config.longest_wait {
            return Err(StopReason::Pushback);
        }
        // Clients that got the same time would return together.
        let spread = matches!(wait, Wait::Pushback(_)).then(|| jittered(&config.backoff));
        Ok(pushback.saturating_add(spread.unwrap_or_default()))
    }

    fn withdraw(&self, is_timeout: bool, now: Instant) -> Result<Option<BudgetPermit>, StopReason> {
        let Some(budget) = &self.budget else { return Ok(None) };
        let cost = if is_timeout { self.config.timeout_cost } else { 1 };
        budget.withdraw(now, cost).map(Some).ok_or(StopReason::Budget)
    }
}
