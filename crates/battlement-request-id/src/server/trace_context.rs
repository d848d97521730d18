/// The treatment of W3C Trace Context headers.
///
/// | mode | the caller's trace, if accepted | `traceparent` and `tracestate` of calls |
/// |---|---|---|
/// | [`Off`](Self::Off) | ignored | none; a proxied request keeps those of a trusted caller |
/// | [`Read`](Self::Read) | read, for logs and exemplars | the caller's, unchanged |
/// | [`Own`](Self::Own) | continued | the same trace, with a span id for each call |
/// | `OpenTelemetry` | continued | those of the current OpenTelemetry span |
///
/// A trace is accepted if its caller is trusted and its `traceparent` is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum TraceContext {
    /// Ignores the headers. A proxied request keeps them unchanged if the caller is trusted, and loses them otherwise;
    /// the service's own calls have none.
    Off,
    /// Reads an accepted trace for logs and exemplars, and lets [`PropagateLayer`](crate::PropagateLayer) pass both
    /// headers on unchanged, byte for byte. The default: a service that reports no spans of its own leaves the tree of
    /// spans intact, as W3C Trace Context requires.
    ///
    /// A `tracestate` of more than 16,447 bytes, which is longer than any valid list, is not copied onto calls; a
    /// `traceparent` of more than 512 bytes is not accepted.
    #[default]
    Read,
    /// Takes part: continues an accepted trace with a span of its own, or else begins one as [`Untrusted`] specifies,
    /// and lets [`PropagateLayer`](crate::PropagateLayer) add it to calls.
    Own,
    /// Takes part with the spans that OpenTelemetry exports. Works in either place:
    ///
    /// - *outermost*: the span of [`RequestSpan::Own`](crate::RequestSpan::Own) is exported, as a child of an accepted
    ///   caller's span, else as the root of a trace. The subscriber needs `tracing_opentelemetry::layer()` with its
    ///   default context activation, and a filter that enables the target `battlement::request`.
    /// - *inside a layer that opens an OpenTelemetry span*: the trace of that span is the request's, and the span of
    ///   this layer is its child. Reading the caller's headers is then the task of that layer.
    ///
    /// Without an OpenTelemetry span in either place, this mode behaves as [`Read`](Self::Read) and logs one warning
    /// that names the missing part. Members of `tracestate` whose keys OpenTelemetry does not accept (those of level 2
    /// with an `@` that level 1 does not allow) are omitted.
    #[cfg(feature = "opentelemetry")]
    OpenTelemetry,
}

/// The treatment of an untrusted caller's trace under [`TraceContext::Own`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Untrusted {
    /// A new trace begins, and `tracestate` is dropped (W3C Trace Context, section 4.3). The default.
    #[default]
    Restart,
    /// A new trace begins, and refers to the other as [`Trace::link`](crate::Trace::link).
    Link,
}
