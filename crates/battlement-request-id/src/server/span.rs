use battlement_core::RequestFacts;
use tracing::{Span, field, level_filters::LevelFilter};

/// The [`tracing`] span to which the ids are written.
///
/// The fields are `request_id` and, if present, `correlation_id`, `trace_id`, `span_id` and `linked_trace_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum RequestSpan {
    /// A span of the layer, `request` at INFO with the target `battlement::request`, around the inner service. The
    /// default. A filter with targets has to enable it: `RUST_LOG=my_app=info,battlement=info`.
    #[default]
    Own,
    /// The span that is current when the layer is called, if it declares the fields (as `field::Empty`). For
    /// applications that open the request's span in an outer layer.
    Current,
    /// No span.
    Off,
}

impl RequestSpan {
    /// Returns the span around the inner service; `opened` is the layer's own, if it is open already.
    #[inline]
    pub(crate) fn open(self, facts: &RequestFacts, opened: Opened) -> Span {
        match self {
            Self::Own => match opened.span() {
                Some(span) => recorded(span, facts),
                None if is_off() => Span::none(),
                None => recorded(request_span(), facts),
            },
            Self::Current => {
                record(&Span::current(), facts);
                Span::none()
            }
            Self::Off => Span::none(),
        }
    }
}

/// The layer's own span, if it is open before the ids are chosen. Only the trace of OpenTelemetry needs that, so without
/// its feature this is empty and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    #[cfg(feature = "opentelemetry")]
    pub(super) span: Option<Span>,
}

impl Opened {
    #[cfg(feature = "opentelemetry")]
    fn span(self) -> Option<Span> {
        self.span
    }

    #[cfg(not(feature = "opentelemetry"))]
    const fn span(self) -> Option<Span> {
        None
    }
}

/// Opens the span of [`RequestSpan::Own`] with empty fields.
pub(super) fn request_span() -> Span {
    if is_off() {
        return Span::none();
    }
    tracing::info_span!(
        target: "battlement::request",
        "request",
        request_id = field::Empty,
        correlation_id = field::Empty,
        trace_id = field::Empty,
        span_id = field::Empty,
        linked_trace_id = field::Empty,
    )
}

/// Returns whether no subscriber is interested in the span. `tracing` would still write it to the `log` crate if that
/// feature is on, as axum's defaults turn it on.
#[inline]
fn is_off() -> bool {
    LevelFilter::current() < LevelFilter::INFO
}

#[inline(never)]
fn recorded(span: Span, facts: &RequestFacts) -> Span {
    record(&span, facts);
    span
}

fn record(span: &Span, facts: &RequestFacts) {
    if span.is_disabled() {
        return;
    }
    if let Some(id) = facts.id() {
        span.record("request_id", id.as_str());
    }
    if let Some(id) = facts.correlation() {
        span.record("correlation_id", id.as_str());
    }
    if let Some(trace) = facts.trace() {
        span.record("trace_id", field::display(trace.trace_id));
        span.record("span_id", field::display(trace.span_id));
        if let Some(link) = trace.link {
            span.record("linked_trace_id", field::display(link.trace_id));
        }
    }
}
