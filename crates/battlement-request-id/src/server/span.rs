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
    pub(crate) fn open(self, facts: &RequestFacts, opened: Option<Span>) -> Span {
        match self {
            Self::Own => {
                let span = opened.unwrap_or_else(request_span);
                record(&span, facts);
                span
            }
            Self::Current => {
                record(&Span::current(), facts);
                Span::none()
            }
            Self::Off => Span::none(),
        }
    }
}

/// Opens the span of [`RequestSpan::Own`] with empty fields.
pub(super) fn request_span() -> Span {
    // Without a subscriber, `tracing` would still write the span to the `log` crate if that feature is on, as axum's
    // defaults turn it on.
    if LevelFilter::current() < LevelFilter::INFO {
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
