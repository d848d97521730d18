use battlement_core::{Accept, Caller, RequestFacts, RequestId};
use http::{HeaderMap, Method, Request, header};

use crate::accept::{Format, choose};

/// The facts about a request that its response depends on. They are copied before the call, because a service that
/// panics does not return the request.
#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) facts: Option<RequestFacts>,
    pub(crate) caller: Caller,
    pub(crate) is_head: bool,
    accept: Option<Accept>,
}

impl RequestContext {
    #[inline]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let method = request.method();
        Self {
            facts: RequestFacts::of(request).cloned(),
            // Most requests are a GET, which has no body to leave unread.
            caller: if matches!(*method, Method::GET | Method::HEAD) {
                Caller::default()
            } else {
                Caller::of(request)
            },
            is_head: *method == Method::HEAD,
            accept: accept(headers),
        }
    }

    pub(crate) fn id(&self) -> Option<&RequestId> {
        self.facts.as_ref()?.id()
    }

    pub(crate) fn format(&self) -> Format {
        self.accept.as_ref().map_or(Format::Json, choose)
    }
}

/// Returns the header, unless its value is a common one that does not exclude JSON.
#[inline]
fn accept(headers: &HeaderMap) -> Option<Accept> {
    match headers.get(header::ACCEPT)?.as_bytes() {
        b"*/*" | b"application/json" => None,
        _ => Accept::of(headers),
    }
}
