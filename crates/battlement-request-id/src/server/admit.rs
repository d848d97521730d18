use std::sync::Arc;

use battlement_core::{
    CorrelationId, Ids, RequestFacts, RequestId, Trace, TraceFlags, TraceLink, Unread,
};
use http::{HeaderMap, HeaderName, Request};
use tokio::time::Instant;
use tracing::Span;

use super::{
    TraceContext, Untrusted,
    config::{Config, MIN_LEN, X_CORRELATION_ID},
    span::Opened,
};
use crate::{
    Trust, generator,
    w3c::{TRACEPARENT, TRACESTATE, combine_tracestate, only, received, received_headers},
};

impl Config {
    /// Chooses the ids of `request`, stores them in the request's facts, and opens the request's span. Ids that an
    /// outer layer has chosen are kept.
    pub(super) fn admit<B>(&self, request: &mut Request<B>) -> (RequestFacts, Span) {
        let mut opened = Opened::default();
        let facts = match RequestFacts::of(request) {
            Some(facts) => {
                if facts.ids().is_none() {
                    facts.set_ids(self.decide(request, &mut opened));
                }
                facts.clone()
            }
            None => {
                let ids = self.decide(request, &mut opened);
                let facts = RequestFacts::identified(Instant::now(), ids);
                request.extensions_mut().insert(facts.clone());
                facts
            }
        };
        if self.rewrite_request {
            self.rewrite(request.headers_mut(), &facts);
        }
        let span = self.span.open(&facts, opened);
        (facts, span)
    }

    fn decide<B>(&self, request: &Request<B>, opened: &mut Opened) -> Ids {
        let headers = request.headers();
        let trusted = self.trust.allows(request);
        let trace_trusted = self.trust_trace.as_ref().map_or(trusted, |by| by.allows(request));
        let accept = |name| if trusted { self.accept(headers, name) } else { None };

        let id = accept(&self.header).unwrap_or_else(|| self.generator.make());
        let correlation = self
            .correlation
            .as_ref()
            .map(|name| CorrelationId(accept(name).unwrap_or_else(|| id.clone())));
        let unread = Unread {
            correlation: trusted && correlation.is_none(),
            trace: trace_trusted && self.trace == TraceContext::Off,
        };
        Ids { id, correlation, trace: self.trace(headers, trace_trusted, opened), unread }
    }

    /// Returns the inbound id, if it is acceptable.
    fn accept(&self, headers: &HeaderMap, name: &HeaderName) -> Option<RequestId> {
        let value = only(headers, name)?.as_bytes();
        let (form, shortest): (fn(&[u8]) -> _, _) = match self.trust {
            Trust::Always => (RequestId::from_bytes, 1),
            _ => (RequestId::from_token, MIN_LEN),
        };
        let fits = match &self.accept_length {
            Some(range) => range.contains(&value.len()),
            None => value.len() >= shortest,
        };
        if fits { form(value).ok() } else { None }
    }

    #[cfg_attr(not(feature = "opentelemetry"), expect(unused_variables, reason = "for that mode"))]
    fn trace(&self, headers: &HeaderMap, trusted: bool, opened: &mut Opened) -> Option<Trace> {
        match self.trace {
            TraceContext::Off => None,
            TraceContext::Read => read(headers, trusted),
            TraceContext::Own => Some(self.own_trace(headers, trusted)),
            #[cfg(feature = "opentelemetry")]
            TraceContext::OpenTelemetry => self.opentelemetry_trace(headers, trusted, opened),
        }
    }

    fn own_trace(&self, headers: &HeaderMap, trusted: bool) -> Trace {
        let link = match received(headers) {
            Some(caller) if trusted => return continued(caller, headers),
            Some(caller) if self.untrusted == Untrusted::Link => {
                Some(TraceLink { trace_id: caller.trace_id, span_id: caller.span_id })
            }
            _ => None,
        };
        let sampled =
            if self.sample_new_traces { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let flags = TraceFlags::RANDOM.union(sampled);
        let mut trace = Trace::received(generator::trace_id(), generator::span_id(), flags);
        trace.link = link;
        trace.owned = true;
        trace
    }

    fn rewrite(&self, headers: &mut HeaderMap, facts: &RequestFacts) {
        let unread = facts.ids().map(|ids| ids.unread).unwrap_or_default();
        if facts.correlation().is_none() && !unread.correlation {
            headers.remove(X_CORRELATION_ID);
        }
        if facts.trace().map_or(!unread.trace, |trace| trace.owned) {
            headers.remove(TRACEPARENT);
            headers.remove(TRACESTATE);
        }
        // Last: the header of the id may be one of the removed headers.
        self.write_ids(headers, facts);
    }

    /// Sets the headers of the ids, on a response or a request.
    pub(super) fn write_ids(&self, headers: &mut HeaderMap, facts: &RequestFacts) {
        let Some(ids) = facts.ids() else { return };
        headers.insert(self.header.clone(), ids.id.header_value().clone());
        if let (Some(name), Some(id)) = (&self.correlation, &ids.correlation) {
            headers.insert(name.clone(), id.0.header_value().clone());
        }
    }
}

/// Reads the caller's trace with the headers that calls pass on.
pub(super) fn read(headers: &HeaderMap, trusted: bool) -> Option<Trace> {
    if trusted { received_headers(headers) } else { None }
}

fn continued(mut caller: Trace, headers: &HeaderMap) -> Trace {
    caller.parent_id = Some(caller.span_id);
    caller.span_id = generator::span_id();
    caller.state = tracestate(headers);
    caller.owned = true;
    caller
}

pub(super) fn tracestate(headers: &HeaderMap) -> Option<Arc<str>> {
    combine_tracestate(headers.get_all(TRACESTATE).iter().map(http::HeaderValue::as_bytes))
}
