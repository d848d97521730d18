use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::{Reject, Wire};
use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{body::Limited, config::Config, part::Part, remains::Remains};
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
        // `None` if the layer is disabled, and once the request was rejected.
        caller: Option<A::Caller>,
    }

    impl<S, Req, A> PinnedDrop for DeadlineFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.remains.has_work() && this.inner.is_some() {
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
    #[inline]
    pub(super) fn limited(
        inner: S::Future,
        remains: Remains,
        wire: Wire,
        has_grpc_timeout: bool,
        caller: A::Caller,
    ) -> Self {
        Self { inner: Some(inner), remains, wire, has_grpc_timeout, caller: Some(caller) }
    }

    pub(super) fn passing(inner: S::Future, config: &Arc<Config>) -> Self {
        let (remains, wire) = (Remains::new(None, Arc::clone(config)), Wire::Http);
        Self { inner: Some(inner), remains, wire, has_grpc_timeout: false, caller: None }
    }

    /// Creates the future of a request that is not served, since it has no time left.
    pub(super) fn rejected(caller: A::Caller, config: &Arc<Config>) -> Self {
        let (remains, wire) = (Remains::new(None, Arc::clone(config)), Wire::Http);
        Self { inner: None, remains, wire, has_grpc_timeout: false, caller: Some(caller) }
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
        let mut remains = this.remains;
        let elapsed = match this.inner.as_mut().as_pin_mut() {
            Some(inner) if !remains.has_work() => {
                return inner.poll(cx).map_ok(DeadlineBody::passing).map_err(A::error);
            }
            Some(inner) => {
                if let Poll::Ready(result) = remains.as_mut().within(|| inner.poll(cx)) {
                    let (wire, has_grpc_timeout) = (*this.wire, *this.has_grpc_timeout);
                    let finished = match result {
                        Ok(response) => {
                            let config = remains.config();
                            let part = Part::of(config, wire, has_grpc_timeout, &response);
                            let limit = part
                                .map(|part| Limited::boxed(remains.as_mut().take(), part, wire));
                            Ok(DeadlineBody::of(response, limit))
                        }
                        Err(error) => Err(A::error(error)),
                    };
                    // The service has finished, so its future is dropped without the facts.
                    remains.finish();
                    return Poll::Ready(finished);
                }
                let elapsed = ready!(remains.as_mut().poll_expired(ElapsedKind::Deadline, cx));
                remains.drop_work(|| this.inner.set(None));
                elapsed
            }
            None => Elapsed::NO_TIME,
        };
        let caller = this.caller.take().expect("`DeadlineFuture` polled after completion");
        Poll::Ready(A::answer(caller, elapsed).map(DeadlineBody::own))
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
