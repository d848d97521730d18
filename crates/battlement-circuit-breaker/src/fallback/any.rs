use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{Failure, JudgeResult, Verdict};
use tower_service::Service;

use super::{
    fall_back::{FallBack, Sends, Started},
    oneshot::Oneshot,
    source::{AtOnce, Respond, ToService},
};

/// The kind of calls of any service, such as a database query, that fall back to `F` and are judged by `J`.
#[derive(Clone, Debug)]
pub struct AnyFallback<F, J> {
    pub(super) source: F,
    pub(super) judge: J,
}

impl<F, J, Req> Sends<Req> for AnyFallback<F, J> {
    type Sent = Req;
}

/// Returns the failure that a judgment found.
pub(super) const fn failure(verdict: Verdict) -> Option<Failure> {
    match verdict {
        Verdict::Failure(failure) => Some(failure),
        _ => None,
    }
}

impl<F, J, Req, Res, E> FallBack<Req, Res, E> for AnyFallback<AtOnce<F>, J>
where
    F: Respond<Req, Res>,
    J: JudgeResult<Res, E>,
{
    type Kept = F::Kept;
    type Running = Infallible;
    type Response = Res;
    type Error = E;

    fn error(error: E) -> E {
        error
    }

    fn response(response: Res) -> Res {
        response
    }

    fn begin(&self, request: Req, kept: &mut Option<F::Kept>) -> Req {
        *kept = Some(F::keep(&request));
        request
    }

    fn once(&self, request: Req) -> Req {
        request
    }

    fn failure(&self, result: Result<&Res, &E>) -> Option<Failure> {
        failure(self.judge.judge(result))
    }

    fn start(&self, kept: F::Kept, failure: Failure) -> Started<Res, Infallible> {
        Started::of(self.source.0.respond(kept, failure))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Infallible>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Res>> {
        match *running {}
    }
}

impl<F, J, Req, Res, E> FallBack<Req, Res, E> for AnyFallback<ToService<F, ()>, J>
where
    Req: Clone,
    F: Service<Req, Response = Res> + Clone,
    J: JudgeResult<Res, E>,
{
    type Kept = Req;
    type Running = Oneshot<F, Req>;
    type Response = Res;
    type Error = E;

    fn error(error: E) -> E {
        error
    }

    fn response(response: Res) -> Res {
        response
    }

    fn begin(&self, request: Req, kept: &mut Option<Req>) -> Req {
        *kept = Some(request.clone());
        request
    }

    fn once(&self, request: Req) -> Req {
        request
    }

    fn failure(&self, result: Result<&Res, &E>) -> Option<Failure> {
        failure(self.judge.judge(result))
    }

    fn start(&self, kept: Req, _: Failure) -> Started<Res, Self::Running> {
        Started::Running(Oneshot::new(self.source.service.clone(), kept))
    }

    fn poll_running(
        &self,
        running: Pin<&mut Self::Running>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Res>> {
        let is_failure = |response: &Res| self.judge.judge(Ok(response)).is_failure();
        running.poll(cx).map(|result| result.ok().filter(|response| !is_failure(response)))
    }
}
