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
}

/// The part of a call that its caller has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    stage: Stage,
    wait: Wait,
}

/// The part of a call that its caller waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The head of the response.
    #[default]
    Head,
    /// The rest of the body of a response whose head is a success.
    Success,
    /// The rest of the body, which has the verdict.
    End,
}

/// The side that a call waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wait {
    /// The call was never pending: no time has passed since its start.
    #[default]
    Never,
    /// The service.
    Service,
    /// The caller, who has not asked for the next frame.
    Caller,
}

impl Call {
    #[inline]
    pub(crate) const fn new(ticket: Ticket) -> Self {
        Self { ticket: Some(ticket) }
    }

    /// Notes that the future or the body was pending.
    #[inline]
    pub(crate) const fn pending(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            ticket.progress.wait = Wait::Service;
        }
    }

    /// Notes the head of a response, whose body has the verdict, or may yet fail.
    #[inline]
    pub(crate) fn head(&mut self, is_success: bool) {
        let Some(ticket) = &mut self.ticket else { return };
        if ticket.is_timing() {
            answered(ticket);
        }
        ticket.progress.stage = if is_success { Stage::Success } else { Stage::End };
        ticket.progress.arrived();
    }

    /// Notes a message of the response.
    #[inline]
    pub(crate) fn delivered(&mut self) {
        let Some(ticket) = &mut self.ticket else { return };
        ticket.progress.arrived();
        if ticket.is_probe() {
            ticket.delivered();
        }
    }

    /// Returns whether the head was a success, so that only its body can fail.
    #[inline]
    pub(crate) const fn has_succeeded(&self) -> bool {
        matches!(&self.ticket, Some(ticket) if matches!(ticket.progress.stage, Stage::Success))
    }

    /// Settles the call.
    #[inline]
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Success => self.succeed(),
            _ => self.settle_slowly(verdict),
        }
    }

    /// Settles the call as a success.
    // In place, since a move of the ticket costs as much as the count.
    #[inline(always)]
    pub(crate) fn succeed(&mut self) {
        match &self.ticket {
            // A success that never waited needs no other reading of the clock.
            Some(ticket) if ticket.progress.wait == Wait::Never && ticket.is_plain() => {
                ticket.succeed_at_once();
                self.ticket = None;
            }
            _ => self.settle_slowly(Verdict::Success),
        }
    }

    #[inline(never)]
    fn settle_slowly(&mut self, verdict: Verdict) {
        if let Some(ticket) = self.ticket.take() {
            settle(ticket, verdict, Instant::now());
        }
    }
}

/// Settles a call that is dropped before its end.
#[cold]
fn dropped(ticket: Ticket) {
    let now = Instant::now();
    let Progress { stage, wait } = ticket.progress;
    let verdict = match (DropReason::current(), stage) {
        (Some(DropReason::Shutdown), _) => Verdict::Ignore,
        // The caller has the answer, and may drop the rest.
        (reason, Stage::Success) => match (reason, wait) {
            (Some(DropReason::Timeout), Wait::Service) => TIMEOUT,
            _ => Verdict::Success,
        },
        // A call that was never polled has not reached the service.
        (_, Stage::Head) if wait == Wait::Never => Verdict::Ignore,
        (Some(DropReason::Timeout), _) if wait == Wait::Service => TIMEOUT,
        (_, Stage::Head) if ticket.has_been_slow(now) => TIMEOUT,
        _ => Verdict::Ignore,
    };
    settle(ticket, verdict, now);
}

/// Notes the time of the head, for a slow rate.
#[inline(never)]
fn answered(ticket: &mut Ticket) {
    // A call that never waited needs no other reading of the clock.
    if ticket.progress.wait == Wait::Never {
        ticket.answered_at_once();
    } else {
        ticket.answered(Instant::now());
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

impl Progress {
    /// Notes that a part has arrived, so that the service waits for the caller.
    #[inline]
    const fn arrived(&mut self) {
        if matches!(self.wait, Wait::Service) {
            self.wait = Wait::Caller;
        }
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            dropped(ticket);
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.ticket.as_ref().map(|ticket| ticket.progress);
        f.debug_struct("Call").field("progress", &progress).finish_non_exhaustive()
    }
}
