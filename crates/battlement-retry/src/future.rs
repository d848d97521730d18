use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::Timer;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    Repeat, Sends, StopReason,
    call::{Call, Retrying},
    repeat::{Answered, SentBy, ServiceError},
};

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
        // Boxed, since a failure is rare and every call moves the future.
        failed: Option<Box<Failed<K::Held, K::Sent>>>,
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
    /// The rest of a failed response, for a limited time.
    Release,
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
        Self { stage, future, failed: None, call, caller }
    }
}

const COMPLETED: &str = "`RetryFuture` polled after completion";

/// The result of the last attempt while it is judged, and while the call waits for the next one.
struct Failed<H, T> {
    held: H,
    retrying: Option<Retrying<T>>,
    timer: Pin<Box<Timer>>,
}

impl<S, K, Req> RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    /// Polls the only attempt of a call that is passed through.
    #[inline(always)]
    fn poll_passed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<<Self as Future>::Output> {
        let mut future = self.project().future;
        let result = ready!(future.as_mut().as_pin_mut().expect(COMPLETED).poll(cx));
        future.set(None);
        Poll::Ready(K::finish(K::hold(result), 1, None))
    }

    /// Keeps the result of an attempt that is not the last, or whose judgment is pending.
    #[inline(never)]
    fn keep(self: Pin<&mut Self>, held: K::Held, retrying: Option<Retrying<K::Sent>>) {
        let this = self.project();
        *this.stage = if retrying.is_some() { Stage::Release } else { Stage::Judgment };
        *this.failed = Some(Box::new(Failed { held, retrying, timer: Box::pin(Timer::unset()) }));
    }

    /// Goes through the stages until another attempt is sent, or to the end.
    #[inline(never)]
    fn poll_stages(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<<Self as Future>::Output>> {
        loop {
            let this = self.as_mut();
            let next = match this.stage {
                Stage::Attempt => return Poll::Ready(None),
                Stage::Judgment => ready!(this.poll_judge(cx)),
                Stage::Release => Ok(ready!(this.poll_release(cx))),
                Stage::Wait => Ok(ready!(this.poll_wait(cx))),
                Stage::Service => ready!(this.poll_service(cx)),
                Stage::Throttled => {
                    let caller = this.project().caller.take().expect(COMPLETED);
                    Err(K::reject(caller).expect("only a kind that rejects has a throttle"))
                }
            };
            match next {
                Ok(stage) => *self.as_mut().project().stage = stage,
                Err(result) => return Poll::Ready(Some(result)),
            }
        }
    }

    fn poll_judge(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<<Self as Future>::Output> {
        let this = self.project();
        let call = this.call.as_mut().expect(COMPLETED);
        let failed = this.failed.as_mut().expect(COMPLETED);
        Poll::Ready(match ready!(call.poll_judge(&mut failed.held, cx)) {
            None => Err(give_back::<K, Req, _, _, _>(this.failed, call)),
            Some(retrying) => {
                failed.retrying = Some(retrying);
                Ok(Stage::Release)
            }
        })
    }

    fn poll_release(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stage> {
        let failed = self.project().failed.as_mut().expect(COMPLETED);
        let until = failed.retrying.as_ref().expect(COMPLETED).release_until;
        if K::poll_release(&mut failed.held, cx).is_pending() {
            ready!(failed.timer.as_mut().poll_until(until, cx));
        }
        K::release(&mut failed.held);
        Poll::Ready(Stage::Wait)
    }

    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stage> {
        let failed = self.project().failed.as_mut().expect(COMPLETED);
        let until = failed.retrying.as_ref().expect(COMPLETED).pause.until;
        failed.timer.as_mut().poll_until(until, cx).map(|()| Stage::Service)
    }

    fn poll_service(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<<Self as Future>::Output> {
        let mut this = self.project();
        let call = this.call.as_mut().expect(COMPLETED);
        let failed = this.failed.as_mut().expect(COMPLETED);
        let ready = match call.poll_ready::<Req, _, _>(cx) {
            Poll::Ready(ready) => ready,
            // Without a result that could go back, the call has to wait.
            Poll::Pending if !K::release(&mut failed.held) => return Poll::Pending,
            Poll::Pending => {
                call.course.stopped(StopReason::NotReady);
                return Poll::Ready(Err(give_back::<K, Req, _, _, _>(this.failed, call)));
            }
        };
        let retrying = failed.retrying.take().expect(COMPLETED);
        call.course.next(retrying.pause, Instant::now());
        Poll::Ready(Ok(match ready {
            Ok(()) => {
                *this.failed = None;
                this.future.set(Some(call.send::<Req, _, _>(retrying.request)));
                Stage::Attempt
            }
            Err(error) => {
                failed.held = K::hold(Err(error));
                Stage::Judgment
            }
        }))
    }
}

/// Returns the result of the last attempt to the caller.
#[inline(always)]
fn finish<K, Req, Res, E, S>(
    held: K::Held,
    call: &mut Call<S, K, K::Origin>,
) -> Result<K::Response, K::Error>
where
    K: Repeat<Req, Res, E>,
{
    K::finish(held, call.course.number(), call.history.take())
}

/// Returns the result that was kept to the caller.
fn give_back<K, Req, Res, E, S>(
    failed: &mut Option<Box<Failed<K::Held, K::Sent>>>,
    call: &mut Call<S, K, K::Origin>,
) -> Result<K::Response, K::Error>
where
    K: Repeat<Req, Res, E>,
{
    finish::<K, Req, Res, E, S>(failed.take().expect(COMPLETED).held, call)
}

impl<S, K, Req> Future for RetryFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    type Output = Result<K::Response, K::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let Stage::Attempt = self.stage else {
                match ready!(self.as_mut().poll_stages(cx)) {
                    Some(result) => return Poll::Ready(result),
                    None => continue,
                }
            };
            let mut this = self.as_mut().project();
            let Some(call) = this.call else { return self.poll_passed(cx) };
            let future = this.future.as_mut().as_pin_mut().expect(COMPLETED);
            let Poll::Ready(result) = future.poll(cx) else {
                call.course.pending();
                return Poll::Pending;
            };
            let mut held = K::hold(result);
            this.future.set(None);
            match call.poll_judge(&mut held, cx) {
                Poll::Ready(None) => return Poll::Ready(finish::<K, Req, _, _, _>(held, call)),
                Poll::Ready(retrying) => self.as_mut().keep(held, retrying),
                // The judgment has a waker, and must not be polled again at once.
                Poll::Pending => {
                    self.keep(held, None);
                    return Poll::Pending;
                }
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
