use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    Repeat, Sends, StopReason,
    call::{Call, Retrying},
    repeat::{Answered, SentBy, ServiceError},
    timer::Timer,
};

/// The longest time for which a failed response is read before it is dropped.
const RELEASE_TIME: Duration = Duration::from_millis(100);

pin_project! {
    /// The future of a [`Retry`](crate::Retry).
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<S, K, Req>
    where
        K: Sends<Req>,
        S: Service<SentBy<K, Req>>,
        K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
    {
        stage: Stage,
        // The attempt, while it runs.
        #[pin]
        future: Option<S::Future>,
        // Its result, until it goes back to the caller.
        held: Option<K::Held>,
        // Boxed, since a retry is rare and every call moves the future.
        retrying: Option<Box<Retrying<K::Sent>>>,
        #[pin]
        timer: Timer,
        // `None` if the call is passed through, or rejected.
        call: Option<Call<S, K, K::Origin>>,
        // The caller of a call that is rejected.
        caller: Option<K::Caller>,
    }
}

/// The stage of a call: what its future waits for.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Throttled,
    Attempt,
    Judgment,
    /// The rest of a failed response, at most until this time.
    Release(Instant),
    Wait,
    Service,
}

/// The result of a stage: the next one, or the end.
type Step<R> = Poll<Result<Stage, R>>;

impl<S, K, Req> RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    /// Creates the future of a call that is passed through.
    #[inline]
    pub(crate) const fn pass(future: S::Future) -> Self {
        Self::begin(Stage::Attempt, Some(future), None, None)
    }

    #[inline]
    pub(crate) const fn new(future: S::Future, call: Call<S, K, K::Origin>) -> Self {
        Self::begin(Stage::Attempt, Some(future), Some(call), None)
    }

    /// Creates the future of a call that is not made.
    pub(crate) const fn throttled(caller: K::Caller) -> Self {
        Self::begin(Stage::Throttled, None, None, Some(caller))
    }

    #[inline]
    const fn begin(
        stage: Stage,
        future: Option<S::Future>,
        call: Option<Call<S, K, K::Origin>>,
        caller: Option<K::Caller>,
    ) -> Self {
        let timer = Timer::unset();
        Self { stage, future, held: None, retrying: None, timer, call, caller }
    }
}

const COMPLETED: &str = "`RetryFuture` polled after completion";

impl<S, K, Req> RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    fn poll_attempt(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<<Self as Future>::Output> {
        let mut this = self.project();
        let future = this.future.as_mut().as_pin_mut().expect(COMPLETED);
        let Poll::Ready(result) = future.poll(cx) else {
            if let Some(call) = this.call {
                call.course.pending();
            }
            return Poll::Pending;
        };
        let held = K::hold(result);
        this.future.set(None);
        if this.call.is_none() {
            return Poll::Ready(Err(K::finish(held, 1, Vec::new())));
        }
        *this.held = Some(held);
        Poll::Ready(Ok(Stage::Judgment))
    }

    fn poll_judge(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<<Self as Future>::Output> {
        let this = self.project();
        let call = this.call.as_mut().expect(COMPLETED);
        let held = this.held.as_mut().expect(COMPLETED);
        let Some(retrying) = ready!(call.poll_judge(held, cx)) else {
            return Poll::Ready(Err(finish::<K, Req, _, _, _>(this.held, call)));
        };
        let until = retrying.pause.until.min(Instant::now() + RELEASE_TIME);
        *this.retrying = Some(Box::new(retrying));
        Poll::Ready(Ok(Stage::Release(until)))
    }

    fn poll_release(self: Pin<&mut Self>, until: Instant, cx: &mut Context<'_>) -> Poll<Stage> {
        let this = self.project();
        let held = this.held.as_mut().expect(COMPLETED);
        if K::poll_release(held, cx).is_pending() {
            ready!(this.timer.poll_until(until, cx));
        }
        K::release(held);
        Poll::Ready(Stage::Wait)
    }

    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stage> {
        let this = self.project();
        let retrying = this.retrying.as_ref().expect(COMPLETED);
        this.timer.poll_until(retrying.pause.until, cx).map(|()| Stage::Service)
    }

    fn poll_service(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<<Self as Future>::Output> {
        let mut this = self.project();
        let call = this.call.as_mut().expect(COMPLETED);
        let held = this.held.as_mut().expect(COMPLETED);
        let ready = match call.poll_ready::<Req, _, _>(cx) {
            Poll::Ready(ready) => ready,
            // Without a result that could go back, the call has to wait.
            Poll::Pending if !K::release(held) => return Poll::Pending,
            Poll::Pending => {
                *this.retrying = None;
                call.course.stopped(StopReason::NotReady);
                return Poll::Ready(Err(finish::<K, Req, _, _, _>(this.held, call)));
            }
        };
        let retrying = *this.retrying.take().expect(COMPLETED);
        call.course.next(retrying.pause, Instant::now());
        match ready {
            Ok(()) => {
                *this.held = None;
                this.future.set(Some(call.send::<Req, _, _>(retrying.request)));
                Poll::Ready(Ok(Stage::Attempt))
            }
            Err(error) => {
                *this.held = Some(K::hold(Err(error)));
                Poll::Ready(Ok(Stage::Judgment))
            }
        }
    }
}

/// Returns the result of the last attempt to the caller.
fn finish<K, Req, Res, E, S>(
    held: &mut Option<K::Held>,
    call: &mut Call<S, K, K::Origin>,
) -> Result<K::Response, K::Error>
where
    K: Repeat<Req, Res, E>,
{
    let held = held.take().expect(COMPLETED);
    K::finish(held, call.course.number(), std::mem::take(&mut call.history))
}

impl<S, K, Req> Future for RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    type Output = Result<K::Response, K::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let this = self.as_mut();
            let next = match this.stage {
                Stage::Attempt => ready!(this.poll_attempt(cx)),
                Stage::Judgment => ready!(this.poll_judge(cx)),
                Stage::Release(until) => Ok(ready!(this.poll_release(until, cx))),
                Stage::Wait => Ok(ready!(this.poll_wait(cx))),
                Stage::Service => ready!(this.poll_service(cx)),
                Stage::Throttled => {
                    let caller = this.project().caller.take().expect(COMPLETED);
                    Err(K::reject(caller).expect("only a kind that rejects has a throttle"))
                }
            };
            match next {
                Ok(stage) => *self.as_mut().project().stage = stage,
                Err(result) => return Poll::Ready(result),
            }
        }
    }
}

impl<S, K, Req> fmt::Debug for RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("stage", &self.stage).finish_non_exhaustive()
    }
}
