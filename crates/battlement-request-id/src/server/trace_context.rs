/// What to do with W3C Trace Context headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum TraceContext {
    /// Do not look at them.
    Off,
    /// Keep a valid, trusted `traceparent` for logs and exemplars, and write none. The default: a service
    /// that reports no spans of its own leaves the tree of those who do alone.
    #[default]
    Read,
    /// Take part: continue a trusted trace with a span of our own, else begin one as
    /// [`Untrusted`] says, and have [`PropagateLayer`](crate::PropagateLayer) write it on calls.
    Own,
    /// Take the trace of the current OpenTelemetry span, if there is one, else as [`Read`](Self::Read).
    /// The layer that opens that span has to stand outside this one.
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
