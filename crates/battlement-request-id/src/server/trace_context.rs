/// How the service treats W3C Trace Context headers.
///
/// | mode | the caller's trace, if accepted | `traceparent` and `tracestate` of calls |
/// |---|---|---|
/// | [`Off`](Self::Off) | is not read | none; a request that is passed on keeps a trusted caller's |
/// | [`Read`](Self::Read) | goes to logs and exemplars | the caller's, unchanged |
/// | [`Own`](Self::Own) | is continued | the same trace, with a span id for each call |
/// | `OpenTelemetry` | is continued | those of the OpenTelemetry span that is current |
///
/// A trace is accepted if its caller is trusted and its `traceparent` valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum TraceContext {
    /// Does not look at them. A call that passes a request on keeps them as they came if the caller is trusted,
    /// else has none; calls that the service makes itself get none.
    Off,
    /// Keeps an accepted trace for logs and exemplars, and has [`PropagateLayer`](crate::PropagateLayer) pass
    /// both headers on unchanged, byte for byte. The default: a service that reports no spans of its own leaves
    /// the tree of those that do as it is, and W3C Trace Context asks that it does not cut it.
    ///
    /// A `tracestate` of more than 16,447 bytes, which none has that is valid, is not copied onto calls; a
    /// `traceparent` of more than 512 is not accepted.
    #[default]
    Read,
    /// Takes part: continues an accepted trace with a span of its own, else begins one as [`Untrusted`] says, and
    /// has [`PropagateLayer`](crate::PropagateLayer) write it on calls.
    Own,
    /// Takes part by the spans that OpenTelemetry exports. Works at either place:
    ///
    /// - *outermost*: the span of [`RequestSpan::Own`](crate::RequestSpan::Own) becomes the one that is exported, a
    ///   child of an accepted caller's span, else the root of a trace. The subscriber needs
    ///   `tracing_opentelemetry::layer()`, with its context activation as it is by default, and a filter that lets
    ///   the target `battlement::request` through.
    /// - *inside a layer that opens an OpenTelemetry span*: that span's trace is the request's, and the span of this
    ///   layer is its child. Reading the caller's headers is then that layer's task.
    ///
    /// Where there is no OpenTelemetry span at either place, this mode does what [`Read`](Self::Read) does and logs
    /// one warning that says what is missing. Members of `tracestate` with keys that OpenTelemetry does not know
    /// (those of level 2 with an `@` where level 1 has none) are left out.
    #[cfg(feature = "opentelemetry")]
    OpenTelemetry,
}

/// What becomes of the trace of a caller that is not trusted, under [`TraceContext::Own`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Untrusted {
    /// A new trace begins, and `tracestate` is dropped (W3C Trace Context, section 4.3). The default.
    #[default]
    Restart,
    /// The same, and the new trace remembers the other as [`Trace::link`](crate::Trace::link).
    Link,
}
