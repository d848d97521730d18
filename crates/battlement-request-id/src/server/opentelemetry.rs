//! [`TraceContext::OpenTelemetry`](super::TraceContext::OpenTelemetry): the trace of an exported span.

use battlement_core::{LogLimit, Trace};
use http::HeaderMap;

use super::{
    RequestSpan,
    admit::{read, tracestate},
    config::Config,
    span::{Opened, request_span},
};
use crate::{otel, w3c::received};

impl Config {
    /// Returns the trace of the current OpenTelemetry span, else of the layer's own span, which is then opened and
    /// stored in `opened`. Without either, the caller's trace is read.
    pub(super) fn opentelemetry_trace(
        &self,
        headers: &HeaderMap,
        trusted: bool,
        opened: &mut Opened,
    ) -> Option<Trace> {
        let outer = otel::current_trace();
        if outer.is_some() {
            return outer;
        }
        if self.span == RequestSpan::Own {
            let caller = received(headers).filter(|_| trusted);
            let state = caller.as_ref().and_then(|_| tracestate(headers));
            let span = otel::child_of(caller.as_ref(), state.as_deref(), request_span);
            let own = span.in_scope(otel::current_trace);
            opened.span = Some(span);
            if let Some(mut own) = own {
                own.parent_id = caller.map(|caller| caller.span_id);
                return Some(own);
            }
        }
        warn_of_no_span();
        read(headers, trusted)
    }
}

fn warn_of_no_span() {
    static LIMIT: LogLimit = LogLimit::once();
    if LIMIT.admit().is_some() {
        tracing::warn!(
            "TraceContext::OpenTelemetry found no OpenTelemetry span, so calls pass the caller's trace on \
             instead of continuing it; with RequestSpan::Own, add tracing_opentelemetry::layer() to the \
             subscriber and let the target `battlement::request` through its filter, or else put the layer \
             that opens the request's span outside of RequestIdLayer"
        );
    }
}
