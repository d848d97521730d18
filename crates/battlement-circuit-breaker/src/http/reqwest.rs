use std::mem;

use battlement_core::OnEnd as _;
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};

use super::{
    body::CircuitBreakerBody,
    call::HttpCall,
    form::HttpForm,
    kind::{Http, failed, judge},
};
use crate::{CircuitOpen, Protect, call::Call};

/// Requests of reqwest, which are not of the type of `http`.
impl<A, E> Protect<Request, Response, E> for Http<A>
where
    A: HttpForm<Request, Response, E>,
{
    type Call = HttpCall;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request) -> A::Caller {
        A::caller(request)
    }

    fn with_key<R>(&self, request: &Request, work: impl FnOnce(Option<&str>) -> R) -> R {
        match &self.key {
            Some(key) => key.with_reqwest(request, work),
            None => work(None),
        }
    }

    fn judged(&self, request: &Request, call: Call) -> HttpCall {
        self.call_of(request.method(), call)
    }

    fn pending(call: &mut HttpCall) {
        call.pending();
    }

    fn finish(
        call: &mut Option<HttpCall>,
        result: Result<Response, E>,
    ) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => Ok(A::response(watch_body(call, response))),
            Err(error) => Err(failed::<A, _, _, _>(call, error)),
        }
    }

    fn reject(caller: A::Caller, open: CircuitOpen) -> Result<A::Response, A::Error> {
        A::reject(caller, open)
    }
}

/// Copies the head of a request, for a closure.
pub(crate) fn head(request: &Request) -> http::Request<()> {
    let mut copy = http::Request::new(());
    copy.method_mut().clone_from(request.method());
    // A URL that reqwest accepts and `http` does not fails before it is sent.
    *copy.uri_mut() = request.url().as_str().parse().unwrap_or_default();
    copy.headers_mut().clone_from(request.headers());
    copy
}

/// Judges the head of a response, and lets its body settle the call.
fn watch_body(call: &mut Option<HttpCall>, response: Response) -> Response {
    let url = response.url().clone();
    let (head, body) = http::Response::<Body>::from(response).into_parts();
    let kind = judge(call, &head, &body);
    let body = CircuitBreakerBody::of(body, kind, call);
    let mut response = http::Response::from_parts(head, body);
    // The conversion back to reqwest's type reads the URL from an extension.
    if let Some(extensions) = http::Response::builder().url(url).extensions_mut() {
        response.extensions_mut().extend(mem::take(extensions));
    }
    response.map(Body::wrap).into()
}
