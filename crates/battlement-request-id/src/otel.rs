use battlement_core::{SpanId, Trace, TraceFlags, TraceId};
use opentelemetry::{
    Context, SpanId as OtelSpanId, TraceFlags as OtelTraceFlags, TraceId as OtelTraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};

/// Returns the trace of the current OpenTelemetry span, if there is one.
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

/// Opens a span whose parent is the span of `caller`, the root of a trace if there is none.
///
/// The layer that turns spans of `tracing` into spans of OpenTelemetry takes the current context as the parent.
pub(crate) fn child_of<T>(
    caller: Option<&Trace>,
    state: Option<&str>,
    open: impl FnOnce() -> T,
) -> T {
    let Some(caller) = caller else {
        return open();
    };
    let remote = SpanContext::new(
        OtelTraceId::from_bytes(caller.trace_id.to_bytes()),
        OtelSpanId::from_bytes(caller.span_id.to_bytes()),
        OtelTraceFlags::new(caller.flags.bits()),
        true,
        state.map(trace_state).unwrap_or_default(),
    );
    let _current = Context::current().with_remote_span_context(remote).attach();
    open()
}

/// Parses a valid list and omits members whose keys OpenTelemetry does not accept, since it implements level 1.
fn trace_state(list: &str) -> TraceState {
    let members = || list.split(',').filter_map(|member| member.split_once('='));
    TraceState::from_key_value(members()).unwrap_or_else(|_| {
        let known = members().filter(|member| TraceState::from_key_value([*member]).is_ok());
        TraceState::from_key_value(known).unwrap_or_default()
    })
}
