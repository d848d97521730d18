use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{Failure, Head, Replay, ReplayBody, SendAs};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{body::FallbackBody, copy, kind::HttpFallback};
use crate::{
    HttpForm,
    fallback::{
        fall_back::{FallBack, Sends, Started},
        oneshot::Oneshot,
        outcome::FallbackOutcome,
        source::ToService,
    },
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<F, W: SendAs<B>, A, B> Sends<Request<B>> for HttpFallback<ToService<F, W>, A> {
    type Sent = Request<W::Body>;
}

/// The copy of a request, from which that of the fallback is made.
pub struct KeptCall<B> {
    head: Request<()>,
    body: Replay<B>,
}

/// Fallbacks that are a service, which gets the request with its whole body.
impl<F, W, A, B, R, T, E> FallBack<Request<B>, Response<R>, E> for HttpFallback<ToService<F, W>, A>
where
    F: Service<Request<W::Body>, Response = Response<T>> + Clone,
    W: SendAs<B>,
    A: HttpForm<Request<B>, Response<R>, E>,
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Kept = KeptCall<B>;
    type Running = Oneshot<F, Request<W::Body>>;
    type Response = Response<FallbackBody<R, T>>;
    type Error = A::Error;

    fn error(error: E) -> A::Error {
        A::error(error)
    }

    fn response(response: Response<R>) -> Self::Response {
        response.map(FallbackBody::inner)
    }

    fn begin(&self, request: Request<B>, kept: &mut Option<KeptCall<B>>) -> Request<W::Body> {
        let (parts, body) = request.into_parts();
        let (body, replay) = Replay::new(body, self.config.replay_limit);
        let request = Request::from_parts(parts, W::convert(body));
        *kept = replay.map(|body| KeptCall { head: copy::head(&self.config, &request), body });
        request
    }

    fn once(&self, request: Request<B>) -> Request<W::Body> {
        request.map(|body| W::convert(ReplayBody::once(body)))
    }

    fn failure(&self, result: Result<&Response<R>, &A::Error>) -> Option<Failure> {
        self.judge::<Request<B>, Response<R>, E>(result.map(Head::of))
    }

    fn start(&self, kept: KeptCall<B>, _: Failure) -> Started<Self::Response, Self::Running> {
        let KeptCall { head, body } = kept;
        let Ok(body) = body.again() else { return Started::Done(Err(FallbackOutcome::BodyLost)) };
        let request = head.map(|()| W::convert(body));
        Started::Running(Oneshot::new(self.source.service.clone(), request))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Self::Running>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Self::Response>> {
        let succeeded = |response: &Response<T>| self.judge_head(&Head::of(response)).is_none();
        running.poll(cx).map(|result| {
            let response = result.ok().filter(succeeded)?;
            Some(response.map(FallbackBody::fallback))
        })
    }

    fn mark(&self, response: &mut Self::Response, failure: Failure) {
        self.mark_response(response, failure);
    }
}

impl<B> fmt::Debug for KeptCall<B> {
    // Headers and target may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptCall").field("method", self.head.method()).finish_non_exhaustive()
    }
}
