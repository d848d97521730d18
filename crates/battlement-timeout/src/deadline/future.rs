use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Reject, Wire};
use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{body::Limited, part::Part, remains::Remains};
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
        // `None` if the layer is disabled or the request was rejected.
        #[pin]
        remains: Option<Remains>,
        wire: Wire,
        has_grpc_timeout: bool,
        // Boxed, since a rejection is rare and every request moves the future.
        rejected: Option<Box<Elapsed>>,
        caller: Option<A::Caller>,
    }

    impl<S, Req, A> PinnedDrop for DeadlineFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(remains) = this.remains.as_pin_mut()
                && this.inner.is_some()
            {
                remains.abandon(|| this.inner.set(None));
            }
        }
    }
}

impl<S, Req, A> DeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    #[inline]
    pub(super) fn limited(
        inner: S::Future,
        remains: Remains,
        wire: Wire,
        has_grpc_timeout: bool,
        caller: A::Caller,
    ) -> Self {
        let (inner, remains, caller) = (Some(inner), Some(remains), Some(caller));
        Self { inner, remains, wire, has_grpc_timeout, rejected: None, caller }
    }

    pub(super) fn passing(inner: S::Future) -> Self {
        let (inner, wire) = (Some(inner), Wire::Http);
        let (remains, rejected, caller) = (None, None, None);
        Self { inner, remains, wire, has_grpc_timeout: false, rejected, caller }
    }

    pub(super) fn rejected(caller: A::Caller, elapsed: Elapsed) -> Self {
        let (inner, remains, wire) = (None, None, Wire::Http);
        let (rejected, caller) = (Some(Box::new(elapsed)), Some(caller));
        Self { inner, remains, wire, has_grpc_timeout: false, rejected, caller }
    }
}

impl<S, Req, A, B> Future for DeadlineFuture<S, Req, A>
where
    S: Service<Req, Response = Response<B>>,
    A: Reject<Req, Response<B>, S::Error>,
{
    type Output = Result<Response<DeadlineBody<B>>, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let elapsed = match (this.inner.as_mut().as_pin_mut(), this.remains.as_mut().as_pin_mut()) {
            (Some(inner), None) => {
                return inner.poll(cx).map_ok(DeadlineBody::passing).map_err(A::error);
            }
            (Some(inner), Some(mut remains)) => {
                if let Poll::Ready(result) = remains.as_mut().within(|| inner.poll(cx)) {
                    let (wire, has_grpc_timeout) = (*this.wire, *this.has_grpc_timeout);
                    let finished = match result {
                        Ok(response) => {
                            let config = remains.config();
                            let part = Part::of(config, wire, has_grpc_timeout, &response);
                            let limit = part.map(|part| Limited::boxed(remains.take(), part, wire));
                            Ok(DeadlineBody::of(response, limit))
                        }
                        Err(error) => Err(A::error(error)),
                    };
                    // The service has finished, so its future is dropped without the facts.
                    this.remains.set(None);
                    return Poll::Ready(finished);
                }
                let elapsed = ready!(remains.as_mut().poll_expired(ElapsedKind::Deadline, cx));
                remains.drop_work(|| this.inner.set(None));
                Some(Box::new(elapsed))
            }
            (None, _) => this.rejected.take(),
        };
        let caller = this.caller.take().zip(elapsed);
        let (caller, elapsed) = caller.expect("`DeadlineFuture` polled after completion");
        Poll::Ready(A::answer(caller, *elapsed).map(DeadlineBody::own))
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
