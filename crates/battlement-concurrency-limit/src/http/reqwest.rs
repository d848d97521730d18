use std::mem;

use battlement_core::{Deadline, Reject, RequestHead};
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};

use super::{body::ConcurrencyLimitBody, kind::Http};
use crate::{Admit, Overloaded, call::Call, class::Classes};

/// Requests of reqwest, which are not of the type of `http`.
impl<A, E> Admit<Request, Response, E> for Http<A>
where
    A: Reject<Request, Response, E>,
    A::Error: 'static,
{
    type Call = Call;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request) -> A::Caller {
        A::caller(request)
    }

    fn counts(&self, request: &Request) -> bool {
        !self.exempt.contains(request.url().path())
    }

    fn class(&self, request: &Request, classes: &Classes) -> usize {
        let head = head(request);
        self.class.of(|| RequestHead::of(&head), classes)
    }

    fn deadline(_: &Request) -> Option<Deadline> {
        Deadline::current()
    }

    fn admitted(&self, call: Call) -> Call {
        call
    }

    fn finish(call: &mut Call, result: Result<Response, E>) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => Ok(A::response(held(call, response))),
            Err(error) => {
                let error = A::error(error);
                call.failed(&error);
                Err(error)
            }
        }
    }

    fn reject(caller: A::Caller, error: Overloaded) -> Result<A::Response, A::Error> {
        A::reject(caller, error)
    }
}

/// Copies the head of a request, for a closure.
fn head(request: &Request) -> http::Request<()> {
    let mut copy = http::Request::new(());
    copy.method_mut().clone_from(request.method());
    // A URL that reqwest accepts and `http` does not fails before it is sent.
    *copy.uri_mut() = request.url().as_str().parse().unwrap_or_default();
    copy.headers_mut().clone_from(request.headers());
    copy
}

/// Lets the body of a response hold the permit.
fn held(call: &mut Call, response: Response) -> Response {
    if call.permit.is_none() {
        return response;
    }
    let url = response.url().clone();
    let (head, body) = http::Response::<Body>::from(response).into_parts();
    call.answered(&head, &body);
    let body = ConcurrencyLimitBody::of(body, &mut call.permit);
    let mut response = http::Response::from_parts(head, body);
    // The conversion back to reqwest's type reads the URL from an extension.
    if let Some(extensions) = http::Response::builder().url(url).extensions_mut() {
        response.extensions_mut().extend(mem::take(extensions));
    }
    response.map(Body::wrap).into()
}
