use battlement_core::RequestFacts;
use tracing::{Span, field, level_filters::LevelFilter};

/// Where the ids are written for [`tracing`].
///
/// The fields are `request_id`, and where there are any `correlation_id`, `trace_id`, `span_id` and
/// `linked_trace_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum RequestSpan {
    /// On a span of ours, `request` at INFO with the target `battlement::request`, around everything
    /// inside. The default. A filter that names targets has to let it through:
    /// `RUST_LOG=my_app=info,battlement=info`.
    #[default]
    Own,
    /// On the span that is current when the layer is called, if it declares such fields (as
    /// `field::Empty`). For those who open the request's span in a layer further out.
    Current,
    /// Nowhere.
    Off,
}

impl RequestSpan {
    /// Returns the span to enter around what is inside; `opened` is the layer's own, where that is open already.
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

/// Opens the span of [`RequestSpan::Own`], its fields empty.
pub(super) fn request_span() -> Span {
    // Where nobody listens, `tracing` would still write the span for the `log` crate, if anything turned that
    // feature on, as axum's defaults do.
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
