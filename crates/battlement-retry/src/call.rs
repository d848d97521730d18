use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{task::coop::unconstrained, time::Instant};
use tower_service::Service;

use crate::{
    History, Repeat, StopReason,
    course::{Ask, Course, Pause, Step},
};

/// The longest time for which a failed response is read before it is dropped.
const RELEASE_TIME: Duration = Duration::from_millis(100);

/// A call that may be repeated: what its further attempts are made of.
pub(crate) struct Call<S, K, O> {
    service: S,
    kind: K,
    /// The copy of the request, or the reason why there is none.
    origin: Result<O, StopReason>,
    pub(crate) course: Course,
    /// The failed attempts, if the last error names them.
    pub(crate) history: Option<History>,
}

/// A retry that waits: the request of its attempt, and the end of the wait.
pub(crate) struct Retrying<T> {
    pub(crate) pause: Pause,
    /// The time until which the rest of the failed response is read.
    pub(crate) release_until: Instant,
    pub(crate) request: T,
}

impl<S, K, O> Call<S, K, O> {
    pub(crate) const fn new(
        service: S,
        kind: K,
        origin: Result<O, StopReason>,
        course: Course,
    ) -> Self {
        Self { service, kind, origin, course, history: None }
    }

    /// Judges an attempt, and decides whether another one follows.
    #[inline(always)]
    pub(crate) fn poll_judge<Req, Res, E>(
        &mut self,
        held: &mut K::Held,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Retrying<K::Sent>>>
    where
        K: Repeat<Req, Res, E, Origin = O>,
    {
        let Self { kind, origin, course, .. } = self;
        let (is_last, attempt) = (course.is_last(), || course.attempt());
        let judged =
            kind.poll_judge(held, origin.as_ref().map_err(|stop| *stop), attempt, is_last, cx);
        let Poll::Ready(judged) = judged else { return Poll::Pending };
        course.ended(judged.outcome);
        // The last error may pass although it ends a call that was repeated.
        let is_named = judged.step != Step::Pass || self.history.is_some();
        if is_named && course.config().exhausted {
            self.history.get_or_insert_default().push(K::describe(held));
        }
        Poll::Ready(match judged.step {
            Step::Pass => None,
            Step::Stop(reason) => self.stop(reason),
            Step::Again(ask) => match self.retry(ask) {
                Ok(retrying) => Some(retrying),
                Err(reason) => self.stop(reason),
            },
        })
    }

    fn retry<Req, Res, E>(&mut self, ask: Ask) -> Result<Retrying<K::Sent>, StopReason>
    where
        K: Repeat<Req, Res, E, Origin = O>,
    {
        let origin = self.origin.as_ref().map_err(|stop| *stop)?;
        // Made before the wait: an attempt that is still sending the body then keeps it for this one.
        let number = self.course.number() + 1;
        let now = Instant::now();
        let pause = self.course.plan(ask, K::deadline(origin), now)?;
        let request = self.kind.again(origin, number)?;
        self.course.wait_for(&pause);
        let release_until = pause.until.min(now + RELEASE_TIME);
        Ok(Retrying { pause, release_until, request })
    }

    /// Polls the service ready for the next attempt. A service that is ready is found ready even if the task has
    /// exhausted its cooperative budget, in which tokio's semaphores and channels take part.
    pub(crate) fn poll_ready<Req, Res, E>(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>>
    where
        K: Repeat<Req, Res, E, Origin = O>,
        S: Service<K::Sent, Response = Res, Error = E>,
    {
        pin!(unconstrained(poll_fn(|cx| self.service.poll_ready(cx)))).poll(cx)
    }

    /// Sends the request of the next attempt.
    pub(crate) fn send<Req, Res, E>(&mut self, request: K::Sent) -> S::Future
    where
        K: Repeat<Req, Res, E, Origin = O>,
        S: Service<K::Sent, Response = Res, Error = E>,
    {
        self.service.call(request)
    }

    /// Records that no attempt follows.
    pub(crate) fn stop<T>(&self, reason: StopReason) -> Option<T> {
        self.course.stopped(reason);
        None
    }
}
