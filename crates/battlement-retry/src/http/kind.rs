use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{AsIs, Deadline, SendAs, WithResponse};
use http::{Request, Response};
use http_body::Body;

use super::{
    answer::{Answer, Peek},
    attempts::Attempts,
    body::RetryBody,
    config::HttpConfig,
    form::HttpForm,
    origin::{Origin, once},
    rules::{Seen, Sent},
};
use crate::{
    Attempt, Budget, History, Repeat, Sends, StopReason, Throttled, budgets::Budgets,
    course::Judged,
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The kind of calls of HTTP and gRPC.
///
/// `A` is the form of the results, and `W` the type of the request bodies that are sent.
pub struct Http<A = WithResponse, W = AsIs> {
    pub(super) config: Arc<HttpConfig>,
    form: PhantomData<fn() -> (A, W)>,
}

impl<A, W> Http<A, W> {
    pub(crate) const fn new(config: Arc<HttpConfig>) -> Self {
        Self { config, form: PhantomData }
    }

    /// Changes the form of the results.
    pub(crate) fn form<T>(self) -> Http<T, W> {
        Http::new(self.config)
    }

    pub(crate) fn configure(mut self, change: impl FnOnce(&mut HttpConfig)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<A, W: SendAs<B>, B> Sends<Request<B>> for Http<A, W> {
    type Sent = Request<W::Body>;
}

/// A request whose attempt has a result.
struct Attempted<'a, B, R: Body, E> {
    origin: Result<&'a Origin<B>, StopReason>,
    config: &'a HttpConfig,
    answer: &'a Answer<R, E>,
}

impl<B, R, E> Sent for Attempted<'_, B, R, E>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
    R: Body,
{
    // A request without a copy is stopped for that reason.
    fn is_idempotent(&self) -> bool {
        self.origin.map_or(true, |origin| origin.is_idempotent(&self.config.idempotency))
    }

    fn may_repeat_unprocessed(&self) -> bool {
        self.config.unprocessed.unwrap_or(true)
    }

    fn has_key(&self) -> bool {
        self.origin.is_ok_and(|origin| origin.has_key(&self.config.idempotency))
    }

    fn retry_after(&self) -> Option<Duration> {
        self.answer.retry_after()
    }
}

impl<A, W, B, R, E> Repeat<Request<B>, Response<R>, E> for Http<A, W>
where
    A: HttpForm<Request<B>, Response<RetryBody<R>>, E>,
    W: SendAs<B>,
    B: Body + Unpin,
    B::Error: Into<BoxError>,
    R: Body + Unpin,
{
    type Origin = Origin<B>;
    type Held = Answer<R, A::Error>;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request<B>) -> A::Caller {
        A::caller(request)
    }

    fn budget(budgets: &Budgets, request: &Request<B>) -> Option<Budget> {
        budgets.of(request.uri().authority())
    }

    #[inline(always)]
    fn begin(
        &self,
        request: Request<B>,
        origin: &mut Result<Origin<B>, StopReason>,
    ) -> Request<W::Body> {
        Origin::begin::<W>(&self.config, request, origin)
    }

    fn once(&self, request: Request<B>) -> Request<W::Body> {
        once::<B, W>(request)
    }

    fn again(&self, origin: &Origin<B>, number: u32) -> Result<Request<W::Body>, StopReason> {
        origin.again::<W>(&self.config, number)
    }

    fn deadline(origin: &Origin<B>) -> Option<Deadline> {
        Deadline::of_facts(&origin.facts)
    }

    #[inline(always)]
    fn hold(result: Result<Response<R>, E>) -> Self::Held {
        Answer::hold(result.map_err(A::error))
    }

    #[inline(always)]
    fn poll_judge(
        &self,
        held: &mut Self::Held,
        origin: Result<&Origin<B>, StopReason>,
        _: impl FnOnce() -> Attempt,
        is_last: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Judged> {
        let (config, classify) = (&*self.config, &*self.config.classify);
        let error = |error: &A::Error| Seen::of_error(classify, A::view(error));
        let may_peek = || match origin {
            Ok(origin) if !is_last && origin.is_idempotent(&config.idempotency) => origin.peek(),
            _ => Peek::No,
        };
        let seen = std::task::ready!(held.poll_seen(classify, error, may_peek, cx));
        let judged = seen.judge(&Attempted { origin, config, answer: held });
        Poll::Ready(judged.unless(origin.map_or_else(Some, Origin::lost)))
    }

    fn poll_release(held: &mut Self::Held, cx: &mut Context<'_>) -> Poll<()> {
        held.poll_release(cx)
    }

    fn release(held: &mut Self::Held) -> bool {
        held.release()
    }

    fn describe(held: &Self::Held) -> String {
        held.describe(|error| A::view(error).to_string())
    }

    #[inline(always)]
    fn finish(
        held: Self::Held,
        attempts: u32,
        history: Option<History>,
    ) -> Result<A::Response, A::Error> {
        match held {
            Answer::Response(mut response) => {
                if attempts > 1 {
                    response.extensions_mut().insert(Attempts(attempts));
                }
                Ok(A::response(response))
            }
            Answer::Error(error) => Err(A::exhausted(error, history)),
            Answer::Dropped => unreachable!("a response that was dropped does not go back"),
        }
    }

    fn reject(caller: A::Caller) -> Option<Result<A::Response, A::Error>> {
        Some(A::reject(caller, Throttled))
    }
}

impl<A, W> Clone for Http<A, W> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.config))
    }
}

impl<A, W> fmt::Debug for Http<A, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.config).finish()
    }
}
