use battlement_core::{Caller, RequestFacts, RequestId};
use http::{HeaderMap, HeaderValue, Method, Request, header};

use crate::accept::{Format, choose};

/// The facts about a request that its response depends on. They are copied before the call, because a service that
/// panics does not return the request.
#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) facts: Option<RequestFacts>,
    pub(crate) caller: Caller,
    pub(crate) is_head: bool,
    accept: Option<HeaderValue>,
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
        self.accept.as_ref().map_or(Format::Json, |accept| choose(accept.as_bytes()))
    }
}

/// The longest `Accept` that is read, in bytes, over all its lines. Clients send a few hundred bytes. A longer header
/// is treated as missing, so that it costs the same as any other header.
const LONGEST_ACCEPT: usize = 4 * 1024;

/// Returns the header, unless its value is a common one that does not exclude JSON.
#[inline]
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let first = headers.get(header::ACCEPT)?;
    match first.as_bytes() {
        b"*/*" | b"application/json" => None,
        _ => joined(headers, first),
    }
}

/// Joins all lines of the header (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap, first: &HeaderValue) -> Option<HeaderValue> {
    let lines = || headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes);
    let (count, bytes) =
        lines().fold((0, 0), |(count, bytes), line| (count + 1, bytes + line.len()));
    if bytes + count - 1 > LONGEST_ACCEPT {
        return None;
    }
    if count == 1 {
        return Some(first.clone());
    }
    HeaderValue::from_bytes(&lines().collect::<Vec<_>>().join(&b',')).ok()
}
