use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{AsIs, Deadline, Head, Judgment, RetryAfter, Verdict};
use http::Uri;
use reqwest::{Request, Response};

use super::{
    attempts::Attempts,
    config::HttpConfig,
    form::HttpForm,
    hedge::is_upgrade,
    kind::Http,
    origin::write_number,
    rules::{Seen, Sent},
};
use crate::{
    Attempt, Budget, Budgets, HedgeKind, Held, History, Idempotency, Repeat, Sends, StopReason,
    Throttled, course::Judged,
};

impl<A> Sends<Request> for Http<A, AsIs> {
    type Sent = Request;
}

/// The copy of a request of reqwest, whose body is in memory.
pub struct ReqwestOrigin {
    request: Request,
    /// Whether a closure states that the request is idempotent.
    stated: Option<bool>,
}

impl ReqwestOrigin {
    /// Returns whether the request may be repeated after any failure.
    fn is_idempotent(&self, rules: &Idempotency) -> bool {
        let Self { request, stated } = self;
        let by_head = || rules.allows(request.method(), request.url().path(), request.headers());
        stated.unwrap_or_else(by_head)
    }
}

/// A request whose attempt has a result.
struct Attempted<'a> {
    origin: Result<&'a ReqwestOrigin, StopReason>,
    config: &'a HttpConfig,
    response: Option<&'a Response>,
}

impl Sent for Attempted<'_> {
    // A request without a copy is stopped for that reason.
    fn is_idempotent(&self) -> bool {
        self.origin.map_or(true, |origin| origin.is_idempotent(&self.config.idempotency))
    }

    // A client that follows redirects sends more than one request.
    fn may_repeat_unprocessed(&self) -> bool {
        self.config.unprocessed.unwrap_or(false)
    }

    fn has_key(&self) -> bool {
        let rules = &self.config.idempotency;
        self.origin.is_ok_and(|origin| rules.counts_key(origin.request.headers()))
    }

    fn retry_after(&self) -> Option<Duration> {
        RetryAfter::from_headers(self.response?.headers()).map(|after| after.0)
    }
}

/// Requests of reqwest, which are not of the type of `http`: a body in memory is repeated, a stream is sent once, and a
/// failed response is dropped instead of read. A request that is not idempotent is repeated only if
/// [`repeat_unprocessed`](crate::RetryLayer::repeat_unprocessed) is set. The extensions of such a request cannot be
/// read, so that a retry layer further out is not detected.
impl<A, E> Repeat<Request, Response, E> for Http<A, AsIs>
where
    A: HttpForm<Request, Response, E>,
{
    type Origin = ReqwestOrigin;
    type Held = Held<Response, A::Error>;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request) -> A::Caller {
        A::caller(request)
    }

    fn budget(budgets: &Budgets, request: &Request) -> Option<Budget> {
        let Budgets::PerAuthority(budgets) = budgets else { return budgets.shared() };
        let uri: Option<Uri> = request.url().as_str().parse().ok();
        Some(budgets.of(uri.as_ref().and_then(Uri::authority)))
    }

    fn begin(
        &self,
        mut request: Request,
        origin: &mut Result<ReqwestOrigin, StopReason>,
    ) -> Request {
        let size = request.body().map_or(Some(0), |body| body.as_bytes().map(<[u8]>::len));
        let fits = size.is_some_and(|size| size as u64 <= self.config.replay_limit);
        let copy = if fits { request.try_clone() } else { None };
        if self.config.headers {
            write_number(request.headers_mut(), 1);
        }
        let Some(copy) = copy else {
            *origin = Err(StopReason::BodyTooLarge);
            return request;
        };
        let stated = self.config.idempotency.stated_by_rule(|| head(&copy));
        *origin = Ok(ReqwestOrigin { request: copy, stated });
        request
    }

    fn once(&self, request: Request) -> Request {
        request
    }

    fn again(&self, origin: &ReqwestOrigin, number: u32) -> Result<Request, StopReason> {
        let mut request = origin.request.try_clone().ok_or(StopReason::BodyTooLarge)?;
        if self.config.headers {
            write_number(request.headers_mut(), number);
        }
        Ok(request)
    }

    fn deadline(_: &ReqwestOrigin) -> Option<Deadline> {
        Deadline::current()
    }

    fn hold(result: Result<Response, E>) -> Self::Held {
        Held::new(result.map_err(A::error))
    }

    fn poll_judge(
        &self,
        held: &mut Self::Held,
        origin: Result<&ReqwestOrigin, StopReason>,
        _: impl FnOnce() -> Attempt,
        _: bool,
        _: &mut Context<'_>,
    ) -> Poll<Judged> {
        let (config, classify) = (&*self.config, &*self.config.classify);
        let (seen, response) = match held.result() {
            Err(error) => (Seen::of_error(classify, A::view(error)), None),
            Ok(response) => {
                let (headers, extensions) = (response.headers(), response.extensions());
                let head = Head::new(response.status(), headers, extensions);
                let verdict = match classify.head(&head) {
                    Judgment::Now(verdict) => verdict,
                    Judgment::AtEnd => Verdict::Success,
                };
                (Seen::of_head(verdict, &head), Some(response))
            }
        };
        Poll::Ready(seen.judge(&Attempted { origin, config, response }).unless(origin.err()))
    }

    fn poll_release(held: &mut Self::Held, _: &mut Context<'_>) -> Poll<()> {
        held.release();
        Poll::Ready(())
    }

    fn release(held: &mut Self::Held) -> bool {
        held.release()
    }

    fn describe(held: &Self::Held) -> String {
        match held.result() {
            Ok(response) => format!("status {}", response.status()),
            Err(error) => A::view(error).to_string(),
        }
    }

    fn finish(
        held: Self::Held,
        attempts: u32,
        history: Option<History>,
    ) -> Result<A::Response, A::Error> {
        match held.into_result() {
            Ok(mut response) => {
                if attempts > 1 {
                    response.extensions_mut().insert(Attempts(attempts));
                }
                Ok(A::response(response))
            }
            Err(error) => Err(A::exhausted(error, history)),
        }
    }

    fn reject(caller: A::Caller) -> Option<Result<A::Response, A::Error>> {
        Some(A::reject(caller, Throttled))
    }
}

impl<A, E> HedgeKind<Request, Response, E> for Http<A, AsIs>
where
    A: HttpForm<Request, Response, E>,
{
    fn attempt(_: &Request) -> Option<u32> {
        None
    }

    fn begin_hedge(&self, request: Request) -> (Request, Option<ReqwestOrigin>) {
        if is_upgrade(request.headers()) {
            return (request, None);
        }
        let mut origin = Err(StopReason::NotIdempotent);
        let request = <Self as Repeat<_, Response, E>>::begin(self, request, &mut origin);
        (request, origin.ok().filter(|origin| origin.is_idempotent(&self.config.idempotency)))
    }

    fn stop(_: &ReqwestOrigin) -> Option<StopReason> {
        None
    }
}

/// Returns the head of `request`, for a closure.
fn head(request: &Request) -> http::Request<()> {
    let mut head = http::Request::new(());
    head.method_mut().clone_from(request.method());
    if let Ok(uri) = request.url().as_str().parse() {
        *head.uri_mut() = uri;
    }
    head.headers_mut().clone_from(request.headers());
    head
}

impl fmt::Debug for ReqwestOrigin {
    // Headers and target may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestOrigin")
            .field("method", self.request.method())
            .finish_non_exhaustive()
    }
}
