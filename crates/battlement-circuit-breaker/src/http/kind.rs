use std::{fmt, marker::PhantomData};

use battlement_core::{
    BodyKind, Classify, Head, Judgment, MethodKind, RequestHead, Verdict, WithResponse,
};
use http::{Request, Response};
use http_body::Body;

use super::{
    body::{CircuitBreakerBody, Tail},
    classifier::{Classifier, HttpJudge},
    form::HttpForm,
};
use crate::{CircuitOpen, Protect, call::Call, keys::Key};

/// The kind of calls of HTTP and gRPC.
///
/// `A` is the form of the results.
pub struct Http<A = WithResponse> {
    pub(crate) classifier: Classifier,
    pub(crate) key: Option<Key>,
    form: PhantomData<fn() -> A>,
}

impl<A> Http<A> {
    pub(crate) const fn new(classifier: Classifier, key: Option<Key>) -> Self {
        Self { classifier, key, form: PhantomData }
    }

    /// Changes the form of the results.
    pub(crate) fn form<T>(self) -> Http<T> {
        Http::new(self.classifier, self.key)
    }

    pub(super) fn judge_of(&self, method: &http::Method) -> HttpJudge {
        HttpJudge { classifier: self.classifier.clone(), method: MethodKind::of(method) }
    }
}

impl<A, Q, B, E> Protect<Request<Q>, Response<B>, E> for Http<A>
where
    A: HttpForm<Request<Q>, Response<CircuitBreakerBody<B>>, E>,
    B: Body,
{
    type Judge = HttpJudge;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request<Q>) -> A::Caller {
        A::caller(request)
    }

    #[inline]
    fn with_key<R>(&self, request: &Request<Q>, work: impl FnOnce(Option<&str>) -> R) -> R {
        match &self.key {
            Some(key) => key.with(&RequestHead::of(request), work),
            None => work(None),
        }
    }

    #[inline]
    fn judge(&self, request: &Request<Q>) -> HttpJudge {
        self.judge_of(request.method())
    }

    #[inline(always)]
    fn finish(
        judge: &HttpJudge,
        result: Result<Response<B>, E>,
        call: &mut Option<Call>,
    ) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => Ok(A::response(watch(judge, response, call.take()))),
            Err(error) => Err(failed::<A, _, _, _>(judge, error, call)),
        }
    }

    fn reject(caller: A::Caller, open: CircuitOpen) -> Result<A::Response, A::Error> {
        A::reject(caller, open)
    }
}

/// Judges the head of a response. The body settles the call if the head was a success, or leaves the verdict open.
#[inline(always)]
pub(super) fn watch<B: Body>(
    judge: &HttpJudge,
    response: Response<B>,
    call: Option<Call>,
) -> Response<CircuitBreakerBody<B>> {
    let kind = BodyKind::of(judge.method, &response);
    // One conversion for all cases, since each is a move of the response.
    let tail = call.and_then(|call| tail(judge, &response, call));
    response.map(|body| CircuitBreakerBody::of(body, kind, tail))
}

/// Judges the head of a response. Returns what is to be settled at the end of its body.
#[inline(always)]
fn tail<B>(judge: &HttpJudge, response: &Response<B>, mut call: Call) -> Option<Tail> {
    match judge.classifier.head(&Head::of(response)) {
        Judgment::Now(Verdict::Success) => Some(Tail::succeeded(call)),
        Judgment::Now(verdict) => {
            call.settle(verdict);
            None
        }
        Judgment::AtEnd => {
            Some(Tail::judged_at_end(call, judge.classifier.clone(), response.headers()))
        }
    }
}

/// Judges an error.
#[cold]
pub(super) fn failed<A, Req, Res, E>(
    judge: &HttpJudge,
    error: E,
    call: &mut Option<Call>,
) -> A::Error
where
    A: HttpForm<Req, Res, E>,
{
    let error = A::error(error);
    if let Some(call) = call {
        call.settle(judge.classifier.error(A::view(&error)));
    }
    error
}

impl<A> Clone for Http<A> {
    fn clone(&self) -> Self {
        Self::new(self.classifier.clone(), self.key.clone())
    }
}

impl<A> fmt::Debug for Http<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("classify", &self.classifier)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
