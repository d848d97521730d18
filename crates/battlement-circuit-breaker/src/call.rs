use std::fmt;

use battlement_core::{DropReason, Failure, Verdict};
use tokio::time::Instant;

use crate::ticket::Ticket;

/// An admitted call, which is settled once: by its result, or when it is dropped.
///
/// The future owns it, and then the body.
pub struct Call {
    /// `None` once the call is settled.
    ticket: Option<Ticket>,
    stage: Stage,
    /// Whether the call was pending, so that time has passed since its start.
    has_waited: bool,
}

/// The part of a call that its caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The head of the response.
    Head,
    /// The rest of the body of a response whose head is a success.
    Success(Reading),
    /// The rest of the body, which has the verdict.
    End(Reading),
}

/// The side that the body of a response waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The caller, who has not asked for the next frame.
    Caller,
    /// The service.
    Service,
}

impl Call {
    #[inline]
    pub(crate) const fn new(ticket: Ticket) -> Self {
        Self { ticket: Some(ticket), stage: Stage::Head, has_waited: false }
    }

    /// Notes that the future or the body was pending.
    #[inline]
    pub(crate) fn pending(&mut self) {
        self.has_waited = true;
        self.stage = self.stage.reading(Reading::Service);
    }

    /// Notes the head of a response, whose body has the verdict, or may yet fail.
    #[inline]
    pub(crate) fn head(&mut self, is_success: bool) {
        if let Some(ticket) = &mut self.ticket
            && ticket.is_timing()
        {
            answered(ticket, self.has_waited);
        }
        self.stage =
            if is_success { Stage::Success(Reading::Caller) } else { Stage::End(Reading::Caller) };
    }

    /// Notes a message of the response.
    #[inline]
    pub(crate) fn delivered(&mut self) {
        self.stage = self.stage.reading(Reading::Caller);
        if let Some(ticket) = self.ticket.as_mut().filter(|ticket| ticket.is_probe()) {
            ticket.delivered();
        }
    }

    /// Settles the call.
    // In place, since a move of the ticket costs as much as the count.
    #[inline(always)]
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        // A success that never waited needs no other reading of the clock.
        if !self.has_waited
            && matches!(verdict, Verdict::Success)
            && let Some(ticket) = self.ticket.as_ref().filter(|ticket| ticket.is_plain())
        {
            ticket.succeed_at_once();
            self.ticket = None;
        } else {
            self.settle_slowly(verdict);
        }
    }

    #[inline(never)]
    fn settle_slowly(&mut self, verdict: Verdict) {
        if let Some(ticket) = self.ticket.take() {
            settle(ticket, verdict, Instant::now());
        }
    }

    /// Settles a call that is dropped before its end.
    #[cold]
    fn dropped(&self, ticket: Ticket) {
        let now = Instant::now();
        let verdict = match (DropReason::current(), self.stage) {
            (Some(DropReason::Shutdown), _) => Verdict::Ignore,
            // The caller has the answer, and may drop the rest.
            (reason, Stage::Success(reading)) => match (reason, reading) {
                (Some(DropReason::Timeout), Reading::Service) => TIMEOUT,
                _ => Verdict::Success,
            },
            // A call that was never polled has not reached the service.
            (_, Stage::Head) if !self.has_waited => Verdict::Ignore,
            (Some(DropReason::Timeout), Stage::Head | Stage::End(Reading::Service)) => TIMEOUT,
            (_, Stage::Head) if ticket.has_been_slow(now) => TIMEOUT,
            _ => Verdict::Ignore,
        };
        settle(ticket, verdict, now);
    }
}

/// Notes the time of the head, for a slow rate.
#[inline(never)]
fn answered(ticket: &mut Ticket, has_waited: bool) {
    // A call that never waited needs no other reading of the clock.
    if has_waited {
        ticket.answered(Instant::now());
    } else {
        ticket.answered_at_once();
    }
}

/// Records a verdict, and shows it to the observer.
fn settle(ticket: Ticket, verdict: Verdict, now: Instant) {
    if let Some(report) = ticket.breaker().verdicts() {
        report.judged(verdict);
    }
    ticket.settle(verdict, now);
}

const TIMEOUT: Verdict = Verdict::Failure(Failure::Timeout);

impl Stage {
    const fn reading(self, reading: Reading) -> Self {
        match self {
            Self::Head => Self::Head,
            Self::Success(_) => Self::Success(reading),
            Self::End(_) => Self::End(reading),
        }
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.dropped(ticket);
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("stage", &self.stage).finish_non_exhaustive()
    }
}
