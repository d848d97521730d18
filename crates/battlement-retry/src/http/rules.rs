//! Which results of HTTP and gRPC are repeated, and after which wait.

use std::{error::Error, time::Duration};

use battlement_core::{Classify, Failure, GrpcCode, Head, Pushback, Verdict, Wire, was_unsent};
use http::StatusCode;

use crate::{
    AttemptOutcome, StopReason,
    course::{Ask, Judged, Step, Wait},
};

#[cfg(test)]
mod tests;

/// The result of an attempt, as far as its verdict leaves a question open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) verdict: Verdict,
    /// The status of a response.
    pub(super) status: Option<StatusCode>,
    pub(super) grpc: Option<GrpcCode>,
    /// Whether the client returned the request without sending it.
    pub(super) was_unsent: bool,
}

/// The request of an attempt; the answers are worked out only for a failure.
pub(super) trait Sent {
    /// Returns whether the request may be repeated after any failure.
    fn is_idempotent(&self) -> bool;
    /// Returns whether the request may be repeated if it was not processed.
    fn may_repeat_unprocessed(&self) -> bool;
    /// Returns whether the request has an idempotency key that counts.
    fn has_key(&self) -> bool;
    /// Returns the wait that the response asks for in `Retry-After`.
    fn retry_after(&self) -> Option<Duration>;
}

impl Seen {
    /// Describes a response by its head.
    #[inline]
    pub(super) fn of_head(verdict: Verdict, head: &Head<'_>) -> Self {
        let is_grpc = verdict.is_failure() && Wire::of(head.headers).is_grpc();
        let code = || GrpcCode::at_head(head.status, head.headers);
        let grpc = is_grpc.then(code).flatten();
        Self { verdict, status: Some(head.status), grpc, was_unsent: false }
    }

    /// Judges an error of the client.
    pub(super) fn of_error(classify: &dyn Classify, error: &(dyn Error + 'static)) -> Self {
        let verdict = classify.error(error);
        let is_proven = verdict == Verdict::Failure(Failure::NotProcessed);
        let was_unsent = is_proven && was_unsent(error);
        Self { verdict, status: None, grpc: GrpcCode::of_error(error), was_unsent }
    }

    /// Judges the result. The judgment of most responses takes no call.
    #[inline]
    pub(super) fn judge(self, sent: &impl Sent) -> Judged {
        if self.verdict == Verdict::Success && !self.is_repeated_success() {
            return Judged { outcome: AttemptOutcome::Success, step: Step::Pass };
        }
        self.judge_other(sent)
    }

    #[inline(never)]
    fn judge_other(self, sent: &impl Sent) -> Judged {
        Judged { outcome: self.outcome(), step: self.step(sent) }
    }

    const fn outcome(self) -> AttemptOutcome {
        match self.verdict {
            Verdict::Success => AttemptOutcome::Success,
            Verdict::Failure(failure) => match failure {
                Failure::Transport => AttemptOutcome::Transport,
                Failure::NotProcessed => AttemptOutcome::NotProcessed,
                Failure::Timeout => AttemptOutcome::Timeout,
                Failure::Server => AttemptOutcome::Server,
                Failure::Overload { .. } => AttemptOutcome::Overload,
                Failure::Rejected(_) => AttemptOutcome::Rejected,
                _ => AttemptOutcome::Failed,
            },
            _ => AttemptOutcome::Ignored,
        }
    }

    fn step(self, sent: &impl Sent) -> Step {
        let failure = match self.verdict {
            Verdict::Success => return self.after_success(sent),
            Verdict::Failure(failure) => failure,
            _ => return Step::Pass,
        };
        match failure {
            Failure::NotProcessed => match if_idempotent(sent, Wait::Backoff) {
                Step::Stop(_) if sent.may_repeat_unprocessed() => Step::Again(Ask {
                    wait: Wait::Backoff,
                    is_timeout: false,
                    is_unprocessed_only: !self.was_unsent,
                }),
                step => step,
            },
            Failure::Transport => if_idempotent(sent, Wait::Backoff),
            Failure::Timeout => match if_idempotent(sent, wait(sent, Wait::Backoff)) {
                Step::Again(ask) => Step::Again(Ask { is_timeout: true, ..ask }),
                step => step,
            },
            Failure::Server if self.is_bad_gateway() => {
                if_idempotent(sent, wait(sent, Wait::Backoff))
            }
            Failure::Overload { pushback } => self.after_overload(pushback, sent),
            Failure::Rejected(_) => Step::Stop(StopReason::Rejected),
            _ => Step::Stop(StopReason::NotRetryable),
        }
    }

    /// Returns the step after a response that is no failure of the service; two statuses are repeated nevertheless.
    fn after_success(self, sent: &impl Sent) -> Step {
        match self.status {
            // The server closed a connection on which no request arrived in time.
            Some(StatusCode::REQUEST_TIMEOUT) => if_idempotent(sent, wait(sent, Wait::Backoff)),
            // The first send of the same key is still in progress.
            Some(StatusCode::CONFLICT) if sent.has_key() => match sent.retry_after() {
                Some(after) => if_idempotent(sent, pushback(after, Wait::Backoff)),
                None => Step::Pass,
            },
            _ => Step::Pass,
        }
    }

    fn after_overload(self, said: Option<Pushback>, sent: &impl Sent) -> Step {
        match said {
            Some(Pushback::Stop) => Step::Stop(StopReason::Pushback),
            Some(Pushback::Wait(after)) => if_idempotent(sent, pushback(after, Wait::Overload)),
            // The limit of a client: without a time, another attempt adds to what was too much.
            None if self.is_limited() => Step::Stop(StopReason::NotRetryable),
            None => if_idempotent(sent, Wait::Overload),
        }
    }

    /// Returns whether a success has one of the statuses that are repeated nevertheless.
    fn is_repeated_success(self) -> bool {
        matches!(self.status, Some(StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT))
    }

    fn is_bad_gateway(self) -> bool {
        self.status == Some(StatusCode::BAD_GATEWAY)
    }

    fn is_limited(self) -> bool {
        self.status == Some(StatusCode::TOO_MANY_REQUESTS)
            || self.grpc == Some(GrpcCode::ResourceExhausted)
    }
}

fn if_idempotent(sent: &impl Sent, wait: Wait) -> Step {
    if sent.is_idempotent() {
        Step::Again(Ask { wait, is_timeout: false, is_unprocessed_only: false })
    } else {
        Step::Stop(StopReason::NotIdempotent)
    }
}

/// Returns the wait of `Retry-After`, else `otherwise`.
fn wait(sent: &impl Sent, otherwise: Wait) -> Wait {
    sent.retry_after().map_or(otherwise, |after| pushback(after, otherwise))
}

/// Returns the wait that the service asked for; zero names no time.
const fn pushback(after: Duration, otherwise: Wait) -> Wait {
    if after.is_zero() { otherwise } else { Wait::Pushback(after) }
}
