use std::{
    fmt,
    marker::PhantomData,
    task::{Context, Poll},
};

use battlement_core::Deadline;

use super::{Form, Repeat, Sends, Unchanged};
use crate::{
    Attempt, AttemptOutcome, Budget, History, Next, RetryPolicy, StopReason,
    budgets::Budgets,
    course::{Ask, Judged, Step, Wait},
};

/// The kind of calls that a [`RetryPolicy`] judges.
///
/// `A` is the form of the results. The policy judges the error of that form: the service's own, or a boxed one.
pub struct ByPolicy<P, A = Unchanged> {
    pub(crate) policy: P,
    form: PhantomData<fn() -> A>,
}

impl<P, A> ByPolicy<P, A> {
    pub(crate) const fn new(policy: P) -> Self {
        Self { policy, form: PhantomData }
    }
}

impl<P, A, Req> Sends<Req> for ByPolicy<P, A> {
    type Sent = Req;
}

impl<P, A, Req, Res, E> Repeat<Req, Res, E> for ByPolicy<P, A>
where
    P: RetryPolicy<Req, Res, A::Error>,
    A: Form<Req, Res, E>,
{
    type Origin = Req;
    type Held = Held<Res, A::Error>;
    type Caller = ();
    type Response = Res;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(_: &Req) {}

    fn budget(budgets: &Budgets, _: &Req) -> Option<Budget> {
        budgets.shared()
    }

    fn begin(&self, request: Req, origin: &mut Result<Req, StopReason>) -> Req {
        *origin = self.policy.clone_request(&request).ok_or(StopReason::NotIdempotent);
        request
    }

    fn once(&self, request: Req) -> Req {
        request
    }

    fn again(&self, origin: &Req, _: u32) -> Result<Req, StopReason> {
        self.policy.clone_request(origin).ok_or(StopReason::NotIdempotent)
    }

    fn deadline(_: &Req) -> Option<Deadline> {
        Deadline::current()
    }

    fn hold(result: Result<Res, E>) -> Held<Res, A::Error> {
        Held::new(result.map_err(A::error))
    }

    fn poll_judge(
        &self,
        held: &mut Held<Res, A::Error>,
        origin: Result<&Req, StopReason>,
        attempt: impl FnOnce() -> Attempt,
        _: bool,
        _: &mut Context<'_>,
    ) -> Poll<Judged> {
        let result = held.result();
        let next = self.policy.next(&attempt(), result);
        let wait = match next {
            Next::Stop if result.is_ok() => {
                return Poll::Ready(Judged { outcome: AttemptOutcome::Success, step: Step::Pass });
            }
            Next::Stop => return failed(Step::Stop(StopReason::NotRetryable)),
            Next::Again => Wait::Backoff,
            Next::AgainAfter(wait) => Wait::Exactly(wait),
        };
        let ask = Ask { wait, is_timeout: false, is_unprocessed_only: false };
        failed(origin.map_or_else(Step::Stop, |_| Step::Again(ask)))
    }

    fn poll_release(held: &mut Self::Held, _: &mut Context<'_>) -> Poll<()> {
        held.release();
        Poll::Ready(())
    }

    fn release(held: &mut Self::Held) -> bool {
        held.release()
    }

    fn describe(held: &Self::Held) -> String {
        match held.result() {
            Ok(_) => "the policy does not accept the response".to_owned(),
            Err(error) => A::describe(error),
        }
    }

    fn finish(held: Self::Held, _: u32, history: Option<History>) -> Result<Res, A::Error> {
        held.into_result().map_err(|error| A::exhausted(error, history))
    }

    fn reject((): ()) -> Option<Result<Res, A::Error>> {
        A::reject().map(Err)
    }
}

const fn failed(step: Step) -> Poll<Judged> {
    Poll::Ready(Judged { outcome: AttemptOutcome::Failed, step })
}

/// The result of an attempt; `None` once the response was dropped.
#[derive(Debug)]
pub struct Held<Res, E>(Option<Result<Res, E>>);

impl<Res, E> Held<Res, E> {
    pub(crate) const fn new(result: Result<Res, E>) -> Self {
        Self(Some(result))
    }

    /// Returns the result, which was not dropped.
    pub(crate) fn result(&self) -> Result<&Res, &E> {
        self.0.as_ref().expect(DROPPED).as_ref()
    }

    pub(crate) fn into_result(self) -> Result<Res, E> {
        self.0.expect(DROPPED)
    }

    /// Drops a response, which may hold a connection. Returns whether the result, an error, is left.
    pub(crate) fn release(&mut self) -> bool {
        self.0.take_if(|result| result.is_ok());
        self.0.is_some()
    }
}

const DROPPED: &str = "a response that was dropped neither is judged nor goes back";

impl<P: Clone, A> Clone for ByPolicy<P, A> {
    fn clone(&self) -> Self {
        Self::new(self.policy.clone())
    }
}

impl<P: fmt::Debug, A> fmt::Debug for ByPolicy<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByPolicy").field(&self.policy).finish()
    }
}
