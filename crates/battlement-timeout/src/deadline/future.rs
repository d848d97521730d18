use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::{Reject, Wire};
use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{config::Config, remains::Remains};
use crate::{DeadlineBody, Elapsed, ElapsedKind};

pin_project! {
    /// The future of a [`DeadlineService`](crate::DeadlineService).
    #[must_use = "futures do nothing unless polled"]
    pub struct DeadlineFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        // `None` if the service was not called, and once the call was dropped.
        #[pin]
        inner: Option<S::Future>,
        #[pin]
        remains: Remains,
        wire: Wire,
        has_grpc_timeout: bool,
        // Whether the service has finished, so that its future is dropped without the facts.
        has_finished: bool,
        // `None` once the request was rejected.
        caller: Option<A::Caller>,
    }

    impl<S, Req, A> PinnedDrop for DeadlineFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if !*this.has_finished && this.remains.has_work() && this.inner.is_some() {
                this.remains.abandon(|| this.inner.set(None));
            }
        }
    }
}

impl<S, Req, A> DeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    #[inline(always)]
    pub(super) fn limited(
        inner: S::Future,
        remains: Remains,
        wire: Wire,
        has_grpc_timeout: bool,
        caller: A::Caller,
    ) -> Self {
        Self {
            inner: Some(inner),
            remains,
            wire,
            has_grpc_timeout,
            has_finished: false,
            caller: Some(caller),
        }
    }

    /// Creates the future of a request that is not served, since it has no time left.
    pub(super) fn rejected(caller: A::Caller, config: &Arc<Config>) -> Self {
        let (remains, wire) = (Remains::new(None, Arc::clone(config)), Wire::Http);
        Self {
            inner: None,
            remains,
            wire,
            has_grpc_timeout: false,
            has_finished: false,
            caller: Some(caller),
        }
    }
}

impl<S, Req, A, B> Future for DeadlineFuture<S, Req, A>
where
    S: Service<Req, Response = Response<B>>,
    A: Reject<Req, Response<B>, S::Error>,
{
    type Output = Result<Response<DeadlineBody<B>>, A::Error>;

    // A response is written where the caller wants it, and not copied there.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let Some(inner) = this.inner.as_pin_mut() {
            let (wire, has_grpc_timeout) = (*this.wire, *this.has_grpc_timeout);
            let limits_body = this.remains.limits_body(has_grpc_timeout);
            let entered = this.remains.as_mut().enter();
            match inner.poll(cx) {
                Poll::Ready(Ok(response)) if !limits_body => {
                    *this.has_finished = true;
                    return Poll::Ready(Ok(DeadlineBody::of(response, None)));
                }
                Poll::Ready(Ok(mut response)) => {
                    *this.has_finished = true;
                    drop(entered);
                    let (status, headers) = (response.status(), mem::take(response.headers_mut()));
                    let (limit, headers) =
                        this.remains.limit_body(status, headers, wire, has_grpc_timeout);
                    *response.headers_mut() = headers;
                    return Poll::Ready(Ok(DeadlineBody::of(response, limit)));
                }
                Poll::Ready(Err(error)) => {
                    *this.has_finished = true;
                    return Poll::Ready(Err(A::error(error)));
                }
                Poll::Pending => {}
            }
        }
        self.poll_expired(cx).map(|expired| *expired)
    }
}

impl<S, Req, A, B> DeadlineFuture<S, Req, A>
where
    S: Service<Req, Response = Response<B>>,
    A: Reject<Req, Response<B>, S::Error>,
{
    /// Waits for the deadline of a call that is pending, or that was not made.
    // Boxed, since an expiry is rare, and another place for the result would make every call copy its result.
    #[inline(never)]
    fn poll_expired(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Box<<Self as Future>::Output>> {
        let mut this = self.project();
        let mut remains = this.remains;
        let elapsed = if this.inner.is_some() {
            let elapsed = ready!(remains.as_mut().poll_expired(ElapsedKind::Deadline, cx));
            remains.drop_work(|| this.inner.set(None));
            elapsed
        } else {
            Elapsed::NO_TIME
        };
        let caller = this.caller.take().expect("`DeadlineFuture` polled after completion");
        Poll::Ready(Box::new(A::answer(caller, elapsed).map(DeadlineBody::own)))
    }
}

impl<S, Req, A> fmt::Debug for DeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineFuture").finish_non_exhaustive()
    }
}
