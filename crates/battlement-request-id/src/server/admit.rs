use std::sync::Arc;

use battlement_core::{CorrelationId, RequestFacts, RequestId, Trace, TraceFlags, TraceLink};
use http::{HeaderMap, HeaderName, Request};

use super::{TraceContext, Untrusted, config::Config};
use crate::{
    Inbound, Trust, generator,
    w3c::{TRACEPARENT, TRACESTATE, combine_tracestate, only, parse_traceparent},
};

impl Config {
    /// Finds or decides what is known of `request`, and keeps it in the request's facts. What a layer
    /// further out has set stands.
    pub(super) fn admit<B>(&self, request: &mut Request<B>) -> RequestFacts {
        let facts = RequestFacts::of_or_start(request);
        let trusted = self.trust.allows(&Inbound::of(request));
        let headers = request.headers();
        let accept = |name| {
            if trusted { self.accept(headers, name) } else { None }
        };

        let id = facts.id_or_set(|| accept(&self.header).unwrap_or_else(|| self.generator.make()));
        if let Some(name) = &self.correlation {
            facts.correlation_or_set(|| CorrelationId(accept(name).unwrap_or_else(|| id.clone())));
        }
        if facts.trace().is_none()
            && let Some(trace) = self.trace(headers, trusted)
        {
            facts.set_trace(trace);
        }
        if self.rewrite_request {
            self.rewrite(request.headers_mut(), &facts);
        }
        facts
    }

    /// An inbound id, if it is one by our rules.
    fn accept(&self, headers: &HeaderMap, name: &HeaderName) -> Option<RequestId> {
        let value = only(headers, name)?.as_bytes();
        let strict = !matches!(self.trust, Trust::Always);
        if strict && !(self.accept_length.contains(&value.len()) && value.iter().all(is_tchar)) {
            return None;
        }
        RequestId::from_bytes(value).ok()
    }

    fn trace(&self, headers: &HeaderMap, trusted: bool) -> Option<Trace> {
        match self.trace {
            TraceContext::Off => None,
            TraceContext::Read => received(headers).filter(|_| trusted),
            TraceContext::Own => Some(self.own_trace(headers, trusted)),
            #[cfg(feature = "opentelemetry")]
            TraceContext::OpenTelemetry => {
                crate::otel::current_trace().or_else(|| received(headers).filter(|_| trusted))
            }
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
        let flags = TraceFlags::RANDOM.and(sampled);
        let mut trace = Trace::received(generator::trace_id(), generator::span_id(), flags);
        trace.link = link;
        trace.owned = true;
        trace
    }

    fn rewrite(&self, headers: &mut HeaderMap, facts: &RequestFacts) {
        self.write_ids(headers, facts);
        if facts.trace().is_some_and(|trace| trace.owned) {
            headers.remove(TRACEPARENT);
            headers.remove(TRACESTATE);
        }
    }

    /// Sets the headers of the ids, on a response or a request.
    pub(super) fn write_ids(&self, headers: &mut HeaderMap, facts: &RequestFacts) {
        if let Some(id) = facts.id() {
            headers.insert(self.header.clone(), id.header_value().clone());
        }
        if let (Some(name), Some(id)) = (&self.correlation, facts.correlation()) {
            headers.insert(name.clone(), id.0.header_value().clone());
        }
    }
}

/// RFC 9110, section 5.6.2.
const fn is_tchar(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

fn received(headers: &HeaderMap) -> Option<Trace> {
    parse_traceparent(only(headers, &TRACEPARENT)?.as_bytes())
}

fn continued(mut caller: Trace, headers: &HeaderMap) -> Trace {
    let state = headers.get_all(TRACESTATE).iter().map(http::HeaderValue::as_bytes);
    let state: Option<Arc<str>> = combine_tracestate(state);
    caller.parent_id = Some(caller.span_id);
    caller.span_id = generator::span_id();
    caller.state = state;
    caller.owned = true;
    caller
}
