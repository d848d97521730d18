use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{Failure, Head, ResponseBody};
use http::{Request, Response};

use super::{copy, kind::HttpFallback, of_head::Answer};
use crate::{
    HttpForm,
    fallback::{
        fall_back::{FallBack, Started},
        source::AtOnce,
    },
};

/// Fallbacks that are a value or a closure: the response has a small buffered body.
impl<F, A, B, R, E> FallBack<Request<B>, Response<R>, E> for HttpFallback<AtOnce<F>, A>
where
    F: Answer,
    A: HttpForm<Request<B>, Response<R>, E>,
{
    type Kept = F::Kept;
    type Running = Infallible;
    type Response = Response<ResponseBody<R>>;
    type Error = A::Error;

    fn error(error: E) -> A::Error {
        A::error(error)
    }

    fn response(response: Response<R>) -> Self::Response {
        response.map(ResponseBody::inner)
    }

    fn begin(&self, request: Request<B>, kept: &mut Option<F::Kept>) -> Request<B> {
        *kept = Some(F::keep(|| copy::head(&self.config, &request)));
        request
    }

    fn once(&self, request: Request<B>) -> Request<B> {
        request
    }

    fn failure(&self, result: Result<&Response<R>, &A::Error>) -> Option<Failure> {
        self.judge::<Request<B>, Response<R>, E>(result.map(Head::of))
    }

    fn start(&self, kept: F::Kept, failure: Failure) -> Started<Self::Response, Infallible> {
        let answer = self.source.0.answer(kept, failure);
        Started::of(answer.map(|response| response.map(ResponseBody::own)))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Infallible>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Self::Response>> {
        match *running {}
    }

    fn mark(&self, response: &mut Self::Response, failure: Failure) {
        self.mark_response(response, failure);
    }
}
