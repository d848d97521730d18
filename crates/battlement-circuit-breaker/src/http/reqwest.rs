use std::mem;

use reqwest::{Body, Request, Response, ResponseBuilderExt as _};

use super::{
    classifier::HttpJudge,
    form::HttpForm,
    kind::{Http, failed, watch},
};
use crate::{CircuitOpen, Protect, call::Call};

/// Requests of reqwest, which are not of the type of `http`.
impl<A, E> Protect<Request, Response, E> for Http<A>
where
    A: HttpForm<Request, Response, E>,
{
    type Judge = HttpJudge;
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

    fn judge(&self, request: &Request) -> HttpJudge {
        self.judge_of(request.method())
    }

    fn finish(
        judge: &HttpJudge,
        result: Result<Response, E>,
        call: &mut Option<Call>,
    ) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => Ok(A::response(watch_body(judge, response, call.take()))),
            Err(error) => Err(failed::<A, _, _, _>(judge, error, call)),
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
fn watch_body(judge: &HttpJudge, response: Response, call: Option<Call>) -> Response {
    let url = response.url().clone();
    let mut response = watch(judge, http::Response::<Body>::from(response), call);
    // The conversion back to reqwest's type reads the URL from an extension.
    if let Some(extensions) = http::Response::builder().url(url).extensions_mut() {
        response.extensions_mut().extend(mem::take(extensions));
    }
    response.map(Body::wrap).into()
}
