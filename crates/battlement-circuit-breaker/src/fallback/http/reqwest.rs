use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{AsIs, Failure, Head};
use reqwest::{Request, Response};
use tower_service::Service;

use super::{kind::HttpFallback, of_head::Answer};
use crate::{
    HttpForm,
    fallback::{
        fall_back::{FallBack, Sends, Started},
        oneshot::Oneshot,
        source::{AtOnce, ToService},
    },
    http::head_of_reqwest,
};

impl<F, A> Sends<Request> for HttpFallback<AtOnce<F>, A> {
    type Sent = Request;
}

impl<F, A> Sends<Request> for HttpFallback<ToService<F, AsIs>, A> {
    type Sent = Request;
}

fn head(response: &Response) -> Head<'_> {
    Head::new(response.status(), response.headers(), response.extensions())
}

impl<F, A> HttpFallback<F, A> {
    fn mark_reqwest(&self, response: &mut Response, failure: Failure) {
        let mut extensions = std::mem::take(response.extensions_mut());
        self.mark_head(response.headers_mut(), &mut extensions, failure);
        *response.extensions_mut() = extensions;
    }
}

/// Requests of reqwest, which are not of the type of `http`. The response of a fallback has no URL of its own.
impl<F, A, E> FallBack<Request, Response, E> for HttpFallback<AtOnce<F>, A>
where
    F: Answer,
    A: HttpForm<Request, Response, E>,
{
    type Kept = F::Kept;
    type Running = Infallible;
    type Response = Response;
    type Error = A::Error;

    fn error(error: E) -> A::Error {
        A::error(error)
    }

    fn response(response: Response) -> Response {
        response
    }

    fn begin(&self, request: Request, kept: &mut Option<F::Kept>) -> Request {
        *kept = Some(F::keep(|| head_of_reqwest(&request)));
        request
    }

    fn once(&self, request: Request) -> Request {
        request
    }

    fn failure(&self, result: Result<&Response, &A::Error>) -> Option<Failure> {
        self.judge::<Request, Response, E>(result.map(head))
    }

    fn start(&self, kept: F::Kept, failure: Failure) -> Started<Response, Infallible> {
        Started::of(self.source.0.answer(kept, failure).map(Response::from))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Infallible>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Response>> {
        match *running {}
    }

    fn mark(&self, response: &mut Response, failure: Failure) {
        self.mark_reqwest(response, failure);
    }
}

/// Requests of reqwest: a body in memory is sent to the fallback too, and a request with a stream has no fallback.
impl<F, A, E> FallBack<Request, Response, E> for HttpFallback<ToService<F, AsIs>, A>
where
    F: Service<Request, Response = Response> + Clone,
    A: HttpForm<Request, Response, E>,
{
    type Kept = Request;
    type Running = Oneshot<F, Request>;
    type Response = Response;
    type Error = A::Error;

    fn error(error: E) -> A::Error {
        A::error(error)
    }

    fn response(response: Response) -> Response {
        response
    }

    fn begin(&self, request: Request, kept: &mut Option<Request>) -> Request {
        let size = request.body().map_or(Some(0), |body| body.as_bytes().map(<[u8]>::len));
        if size.is_some_and(|size| size as u64 <= self.config.replay_limit) {
            *kept = request.try_clone();
        }
        request
    }

    fn once(&self, request: Request) -> Request {
        request
    }

    fn failure(&self, result: Result<&Response, &A::Error>) -> Option<Failure> {
        self.judge::<Request, Response, E>(result.map(head))
    }

    fn start(&self, kept: Request, _: Failure) -> Started<Response, Self::Running> {
        Started::Running(Oneshot::new(self.source.service.clone(), kept))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Self::Running>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Response>> {
        let succeeded = |response: &Response| self.judge_head(&head(response)).is_none();
        running.poll(cx).map(|result| result.ok().filter(succeeded))
    }

    fn mark(&self, response: &mut Response, failure: Failure) {
        self.mark_reqwest(response, failure);
    }
}
