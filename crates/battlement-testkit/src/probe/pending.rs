use std::task::{Context, Poll};

use super::{
    Misuse, ProbeError, Reply,
    reply::Outcome,
    state::{State, Ticket},
};

/// A call that waits for its reply.
pub(super) struct Pending<T> {
    state: State,
    reply: Reply<T>,
    /// `None` once the call has completed.
    ticket: Option<Ticket>,
}

impl<T> Pending<T> {
    /// Starts to wait for `reply`.
    ///
    /// # Panics
    ///
    /// Panics if the reply is a panic in `call`.
    pub(super) fn begin(state: State, ticket: Ticket, reply: Reply<T>) -> Self {
        assert!(!matches!(reply.outcome, Outcome::PanicInCall), "panic in `call`, as scripted");
        ticket.count(|counts| counts.futures += 1);
        Self { state, reply, ticket: Some(ticket) }
    }

    pub(super) const fn reads_body(&self) -> bool {
        self.reply.reads_body
    }

    /// Counts a poll, and is pending as often as the reply requires, and after completion.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state.lock().counts.future_polls += 1;
        if self.ticket.is_none() {
            self.state.record_misuse(Misuse::PollAfterCompletion);
            return Poll::Pending;
        }
        if let Some(remaining) = self.reply.pending_polls.checked_sub(1) {
            self.reply.pending_polls = remaining;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    pub(super) fn poll_gate(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.reply.gate {
            Some(gate) => gate.poll_open(cx),
            None => Poll::Ready(()),
        }
    }
}

impl<T: Clone> Pending<T> {
    /// Completes the call with the outcome of its reply.
    ///
    /// # Panics
    ///
    /// Panics if the reply is a panic.
    pub(super) fn complete(&mut self) -> (Result<T, ProbeError>, Option<Ticket>) {
        let ticket = self.ticket.take();
        match &self.reply.outcome {
            Outcome::Respond(response) => (Ok(response.clone()), ticket),
            Outcome::Fail(error) => (Err(*error), ticket),
            Outcome::PanicInCall | Outcome::PanicInFuture => {
                panic!("panic in the future, as scripted")
            }
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        let counts = &mut self.state.lock().counts;
        counts.futures -= 1;
        counts.cancelled += usize::from(self.ticket.is_some());
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending")
            .field("reply", &self.reply)
            .field("is_done", &self.ticket.is_none())
            .finish_non_exhaustive()
    }
}
