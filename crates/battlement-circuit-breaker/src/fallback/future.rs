use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::Failure;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    config::Config,
    fall_back::{Answered, FallBack, Sends, SentBy, ServiceError, Started},
    outcome::FallbackOutcome,
};

pin_project! {
    /// The future of a [`Fallback`](crate::Fallback).
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackFuture<S, K, Req>
    where
        K: Sends<Req>,
        S: Service<SentBy<K, Req>>,
        K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
    {
        #[pin]
        stage: Stage<S::Future, K::Running>,
        // `None` if the layer is disabled.
        call: Option<Call<K, K::Kept>>,
        // Boxed, since a failure is rare and every call moves the future.
        failed: Option<Box<Failed<Answered<S, K, Req>, K::Error>>>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<C, F> {
        Call { #[pin] future: C },
        Fallback { #[pin] running: F },
        Done,
    }
}

/// The parts of the layer that a call needs if it fails.
pub(super) struct Call<K, T> {
    kind: K,
    config: Arc<Config>,
    /// `None` if the request cannot be sent to the fallback.
    kept: Option<T>,
}

/// The first result of a call, while the fallback runs.
struct Failed<R, E> {
    result: Result<R, E>,
    failure: Failure,
}

impl<K, T> Call<K, T> {
    pub(super) const fn new(kind: K, config: Arc<Config>, kept: Option<T>) -> Self {
        Self { kind, config, kept }
    }
}

impl<S, K, Req> FallbackFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    pub(super) const fn new(future: S::Future, call: Option<Call<K, K::Kept>>) -> Self {
        Self { stage: Stage::Call { future }, call, failed: None }
    }

    /// Begins the fallback for a call that has failed. Returns the result of the call if there is one already.
    fn start(
        self: Pin<&mut Self>,
        result: Result<Answered<S, K, Req>, K::Error>,
        failure: Failure,
    ) -> Option<Result<K::Response, K::Error>> {
        let mut this = self.project();
        let call = this.call.as_mut()?;
        let started = match call.kept.take() {
            Some(kept) => call.kind.start(kept, failure),
            None => Started::Done(Err(FallbackOutcome::BodyLost)),
        };
        let failed = Failed { result, failure };
        match started {
            Started::Done(answer) => Some(finish::<S, K, Req>(call, answer, failed)),
            Started::Running(running) => {
                this.stage.set(Stage::Fallback { running });
                *this.failed = Some(Box::new(failed));
                None
            }
        }
    }
}

const COMPLETED: &str = "`FallbackFuture` polled after completion";

impl<S, K, Req> Future for FallbackFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    type Output = Result<K::Response, K::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let StageProj::Call { future } = this.stage.as_mut().project() {
            let result = ready!(future.poll(cx)).map_err(K::error);
            let failure = this.call.as_ref().and_then(|call| call.failure(&result));
            // The call ends before the fallback begins.
            this.stage.set(Stage::Done);
            let Some(failure) = failure else {
                this.call.take();
                return Poll::Ready(result.map(K::response));
            };
            if let Some(result) = self.as_mut().start(result, failure) {
                return Poll::Ready(result);
            }
        }
        let mut this = self.project();
        let call = this.call.as_ref().expect(COMPLETED);
        let StageProj::Fallback { running } = this.stage.as_mut().project() else {
            panic!("{COMPLETED}");
        };
        let answer = ready!(call.kind.poll_running(running, cx)).ok_or(FallbackOutcome::Failed);
        this.stage.set(Stage::Done);
        let failed = this.failed.take().expect(COMPLETED);
        Poll::Ready(finish::<S, K, Req>(call, answer, *failed))
    }
}

impl<K, T> Call<K, T> {
    /// Returns the failure for which the fallback answers, if the call has failed with one.
    fn failure<Req, Res, E>(&self, result: &Result<Res, K::Error>) -> Option<Failure>
    where
        K: FallBack<Req, Res, E>,
    {
        let failure = self.kind.failure(result.as_ref())?;
        self.config.on.contains(failure).then_some(failure)
    }
}

/// Returns the answer of the fallback, or the first result.
fn finish<S, K, Req>(
    call: &Call<K, K::Kept>,
    answer: Result<K::Response, FallbackOutcome>,
    failed: Failed<Answered<S, K, Req>, K::Error>,
) -> Result<K::Response, K::Error>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    let Failed { result, failure } = failed;
    match answer {
        Ok(mut response) => {
            call.config.observe(failure, FallbackOutcome::Answered);
            call.kind.mark(&mut response, failure);
            Ok(response)
        }
        Err(outcome) => {
            call.config.observe(failure, outcome);
            result.map(K::response)
        }
    }
}

impl<S, K, Req> fmt::Debug for FallbackFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackFuture").finish_non_exhaustive()
    }
}
