use battlement_core::{RequestFacts, RequestId, Wire};
use http::{HeaderMap, HeaderValue, Method, Request, header};

use crate::accept::{Format, choose};

/// What must be known of a request to answer it when it is gone: taken before the call, because a service
/// that panics gives nothing back.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) facts: Option<RequestFacts>,
    pub(crate) wire: Wire,
    pub(crate) is_head: bool,
    accept: Option<HeaderValue>,
}

impl Asked {
    #[inline]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let method = request.method();
        Self {
            facts: RequestFacts::of(request).cloned(),
            // gRPC has no other method, and most requests are no POST.
            wire: if *method == Method::POST { Wire::of(headers) } else { Wire::Http },
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

/// The header, unless it is what programs mostly send and says nothing against JSON.
#[inline]
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let first = headers.get(header::ACCEPT)?;
    match first.as_bytes() {
        b"*/*" | b"application/json" => None,
        _ => Some(joined(headers, first)),
    }
}

/// All lines of the header (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap, first: &HeaderValue) -> HeaderValue {
    let lines: Vec<_> = headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() == 1 {
        return first.clone();
    }
    HeaderValue::from_bytes(&lines.join(&b',')).unwrap_or_else(|_| first.clone())
}
