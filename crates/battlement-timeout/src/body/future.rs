use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{GrpcCode, Reject, RequestFacts, StreamKind, Wire};
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    config::Config,
    signal::BodyId,
    timeout_body::TimeoutBody,
    watch::{Role, Watch, drop_expired},
};
use crate::{Elapsed, ElapsedKind};

pin_project! {
    /// The future of a [`BodyTimeout`](crate::BodyTimeout).
    #[must_use = "futures do nothing unless polled"]
    pub struct BodyTimeoutFuture<S, B, A>
    where
        S: Service<Request<TimeoutBody<B>>>,
        A: Reject<Request<B>, S::Response, S::Error>,
    {
        // `None` once the call was dropped.
        #[pin]
        inner: Option<S::Future>,
        // `None` if the request body is empty or has no limits.
        upload: Option<Upload<A::Caller>>,
        facts: Option<RequestFacts>,
        // `None` if the response body has no limits.
        config: Option<Arc<Config>>,
    }
}

/// A request body with limits.
pub(super) struct Upload<C> {
    pub(super) id: BodyId,
    pub(super) caller: C,
}

impl<S, B, A> BodyTimeoutFuture<S, B, A>
where
    S: Service<Request<TimeoutBody<B>>>,
    A: Reject<Request<B>, S::Response, S::Error>,
{
    pub(super) const fn passing(inner: S::Future) -> Self {
        Self::new(inner, None, None, None)
    }

    pub(super) const fn new(
        inner: S::Future,
        upload: Option<Upload<A::Caller>>,
        facts: Option<RequestFacts>,
        config: Option<Arc<Config>>,
    ) -> Self {
        Self { inner: Some(inner), upload, facts, config }
    }
}

impl<S, B, A, X> Future for BodyTimeoutFuture<S, B, A>
where
    S: Service<Request<TimeoutBody<B>>>,
    A: Reject<Request<B>, S::Response, S::Error, Response = Response<X>>,
    X: Body,
{
    type Output = Result<Response<TimeoutBody<X>>, A::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        let inner = this.inner.as_pin_mut().expect("`BodyTimeoutFuture` polled after completion");
        let (polled, exceeded) = match this.upload {
            Some(upload) => upload.id.watch(|| inner.poll(cx)),
            None => (inner.poll(cx), None),
        };
        let polled = polled.map(A::pass);
        match exceeded {
            Some(limit) => Poll::Ready(self.expire(polled, limit)),
            None => polled.map(|result| Ok(limited(result?, this.config, this.facts))),
        }
    }
}

impl<S, B, A, X> BodyTimeoutFuture<S, B, A>
where
    S: Service<Request<TimeoutBody<B>>>,
    A: Reject<Request<B>, S::Response, S::Error, Response = Response<X>>,
    X: Body,
{
    /// Ends a call whose request body has exceeded `limit`.
    #[cold]
    fn expire(
        self: Pin<&mut Self>,
        polled: Poll<Result<Response<X>, A::Error>>,
        limit: Duration,
    ) -> Result<Response<TimeoutBody<X>>, A::Error> {
        let mut this = self.project();
        let result = match (polled, this.upload.take()) {
            (Poll::Ready(Ok(response)), _) if !is_failure(&response) => Ok(response),
            (polled, Some(upload)) => {
                let drop_call = || {
                    drop(polled);
                    this.inner.set(None);
                };
                drop_expired(this.facts, drop_call);
                A::reject(upload.caller, Elapsed::new(ElapsedKind::RequestBody, limit))
            }
            (Poll::Ready(result), None) => result,
            (Poll::Pending, None) => unreachable!("a body without limits does not exceed one"),
        };
        Ok(limited(result?, this.config, this.facts))
    }
}

/// Returns whether the service did not handle the request.
fn is_failure<B>(response: &Response<B>) -> bool {
    let code = GrpcCode::from_headers(response.headers());
    response.status().as_u16() >= 400 || code.is_some_and(|code| code != GrpcCode::Ok)
}

/// Limits the body of `response`, unless it is a stream.
#[inline]
fn limited<B: Body>(
    response: Response<B>,
    config: &mut Option<Arc<Config>>,
    facts: &mut Option<RequestFacts>,
) -> Response<TimeoutBody<B>> {
    let config = config.take().filter(|config| !config.response.is_empty());
    let watch = config.filter(|_| !response.body().is_end_stream()).and_then(|config| {
        let stream = StreamKind::of_response(&response);
        let wire = if let StreamKind::Grpc(wire) = stream { wire } else { Wire::Http };
        let role = Role::Response(wire);
        config.limits(stream).then(|| Watch::new(role, facts.take(), config))
    });
    response.map(|body| TimeoutBody::new(body, || watch))
}

impl<S, B, A> fmt::Debug for BodyTimeoutFuture<S, B, A>
where
    S: Service<Request<TimeoutBody<B>>>,
    A: Reject<Request<B>, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyTimeoutFuture").finish_non_exhaustive()
    }
}
