use battlement_core::{SpanId, Trace, TraceFlags, TraceId};
use opentelemetry::{Context, trace::TraceContextExt};

/// The trace of the OpenTelemetry span that is current, if there is one.
pub(crate) fn current_trace() -> Option<Trace> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        let trace_id = TraceId::new(span.trace_id().to_bytes())?;
        let span_id = SpanId::new(span.span_id().to_bytes())?;
        let flags = TraceFlags::from_bits(span.trace_flags().to_u8());
        let mut trace = Trace::received(trace_id, span_id, flags);
        trace.state =
            Some(span.trace_state().header()).filter(|list| !list.is_empty()).map(Into::into);
        trace.owned = true;
        trace.reported = true;
        Some(trace)
    })
}
