use std::{fmt, marker::PhantomData};

use battlement_core::{BodyKind, MethodKind, OnEnd as _, RequestHead, WithResponse};
use http::{Request, Response, response::Parts};
use http_body::Body;

use super::{
    body::CircuitBreakerBody,
    call::HttpCall,
    classifier::Classifier,
    form::{BodyForm, HttpForm},
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

    #[inline]
    pub(super) fn call_of(&self, method: &http::Method, call: Call) -> HttpCall {
        HttpCall::new(call, self.classifier.clone(), MethodKind::of(method))
    }
}

impl<A, Q, B, E> Protect<Request<Q>, Response<B>, E> for Http<A>
where
    A: BodyForm<Request<Q>, CircuitBreakerBody<B>, E>,
    B: Body,
{
    type Call = HttpCall;
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
    fn judged(&self, request: &Request<Q>, call: Call) -> HttpCall {
        self.call_of(request.method(), call)
    }

    #[inline]
    fn pending(call: &mut HttpCall) {
        call.pending();
    }

    #[inline(always)]
    fn finish(
        call: &mut Option<HttpCall>,
        result: Result<Response<B>, E>,
    ) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let kind = judge(call, &head, &body);
                // Before the head is moved, so that it moves once.
                let body = CircuitBreakerBody::of(body, kind, call);
                Ok(A::respond(head, body))
            }
            Err(error) => Err(failed::<A, _, _, _>(call, error)),
        }
    }

    fn reject(caller: A::Caller, open: CircuitOpen) -> Result<A::Response, A::Error> {
        A::reject(caller, open)
    }
}

/// Judges the head of a response, and returns the kind of its body. The end of the body settles the call if the head was
/// a success, or leaves the verdict open.
#[inline(always)]
pub(super) fn judge(call: &mut Option<HttpCall>, head: &Parts, body: &impl Body) -> BodyKind {
    match call {
        Some(open) => {
            let kind = BodyKind::of_parts(open.method(), head, body);
            if open.is_settled_by(head) {
                *call = None;
            }
            kind
        }
        None => BodyKind::Open,
    }
}

/// Judges an error.
#[cold]
pub(super) fn failed<A, Req, Res, E>(call: &mut Option<HttpCall>, error: E) -> A::Error
where
    A: HttpForm<Req, Res, E>,
{
    let error = A::error(error);
    if let Some(call) = call {
        call.failed(A::view(&error));
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
