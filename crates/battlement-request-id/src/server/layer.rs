use std::{ops::RangeInclusive, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use super::{RequestIdService, RequestSpan, TraceContext, Untrusted, config::Config};
use crate::{Generator, Trust};

/// A layer that assigns an id to every request.
///
/// The documentation of the crate describes its effect and its place in the stack.
///
/// # Example
///
/// ```
/// use battlement_request_id::{Generator, RequestIdLayer, TraceContext, Trust};
///
/// let layer = RequestIdLayer::new()
///     .trust(Trust::peers(["10.0.0.0/8".parse().unwrap()]))
///     .generator(Generator::hex128())
///     .trace_context(TraceContext::Own);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestIdLayer {
    config: Arc<Config>,
}

impl RequestIdLayer {
    /// Creates a layer with the defaults of the crate's documentation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the header of the id, inbound and in the response. Default: `x-request-id`.
    ///
    /// # Panics
    ///
    /// If it is the header of the correlation id, `traceparent`, `tracestate`, or one that HTTP defines, such as
    /// `date`.
    #[must_use]
    pub fn header(self, name: HeaderName) -> Self {
        self.checked(|config| config.header = name)
    }

    /// Sets the callers whose ids and traces are accepted. Default: [`Trust::IfValid`].
    #[must_use]
    pub fn trust(self, trust: Trust) -> Self {
        self.changed(|config| config.trust = trust)
    }

    /// Sets the callers whose traces are accepted, if they differ from those whose ids are. Default: as
    /// [`trust`](Self::trust).
    ///
    /// For an edge that accepts every caller's ids, which are harmless, but begins its own traces.
    #[must_use]
    pub fn trust_trace(self, trust: Trust) -> Self {
        self.changed(|config| config.trust_trace = Some(trust))
    }

    /// Sets the accepted length of an inbound id in bytes, at most 128. Default: 8 to 128; under [`Trust::Always`] 1
    /// to 128.
    ///
    /// # Panics
    ///
    /// If the range is empty or exceeds 1 to 128.
    #[must_use]
    pub fn accept_length(self, bytes: RangeInclusive<usize>) -> Self {
        self.checked(|config| config.accept_length = Some(bytes))
    }

    /// Sets the generator of ids for requests without one. Default: [`Generator::uuid_v7`].
    #[must_use]
    pub fn generator(self, generator: Generator) -> Self {
        self.changed(|config| config.generator = generator)
    }

    /// Enables a correlation id beside the request id, in this header. Default: none.
    ///
    /// It is accepted by the same rules and echoed as well. A request without one starts a new flow, whose correlation
    /// id is the id of the request. The usual header is `x-correlation-id`.
    ///
    /// # Panics
    ///
    /// If it is the header of the request id, `traceparent`, `tracestate`, or one that HTTP defines, such as `date`.
    #[must_use]
    pub fn correlation(self, name: HeaderName) -> Self {
        self.checked(|config| config.correlation = Some(name))
    }

    /// Sets the treatment of W3C Trace Context. Default: [`TraceContext::Read`].
    #[must_use]
    pub fn trace_context(self, mode: TraceContext) -> Self {
        self.changed(|config| config.trace = mode)
    }

    /// Sets the treatment of an untrusted caller's trace under [`TraceContext::Own`]. Default: [`Untrusted::Restart`].
    #[must_use]
    pub fn untrusted_trace(self, untrusted: Untrusted) -> Self {
        self.changed(|config| config.untrusted = untrusted)
    }

    /// Marks the traces that begin here, under [`TraceContext::Own`], as sampled or not.
    ///
    /// Default: not sampled, as W3C Trace Context recommends for a service that makes no sampling decision. Services
    /// behind this one that sample by their parent then record none of them.
    #[must_use]
    pub fn sample_new_traces(self, sampled: bool) -> Self {
        self.changed(|config| config.sample_new_traces = sampled)
    }

    /// Sets the span to which the ids are written. Default: [`RequestSpan::Own`].
    #[must_use]
    pub fn span(self, span: RequestSpan) -> Self {
        self.changed(|config| config.span = span)
    }

    /// Echoes the ids in responses. Default: true.
    #[must_use]
    pub fn echo(self, echo: bool) -> Self {
        self.changed(|config| config.echo = echo)
    }

    /// Rewrites the headers of the request to the accepted values. Default: false.
    ///
    /// For handlers that read the headers, and for proxies that copy them onto a request of another type. The headers
    /// of the request id and of the correlation id are set. A trace that was not accepted is removed, as is one in
    /// which the service takes part, and `x-correlation-id` of an untrusted caller if no correlation id is enabled.
    #[must_use]
    pub fn rewrite_request(self, rewrite: bool) -> Self {
        self.changed(|config| config.rewrite_request = rewrite)
    }

    /// Enables the layer. Default: true. A disabled layer keeps all types and passes requests through; a handler with
    /// a `RequestId` extractor then responds with 500, and one with an `Option` does not.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|config| config.enabled = enabled)
    }

    fn changed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    fn checked(self, change: impl FnOnce(&mut Config)) -> Self {
        let changed = self.changed(change);
        if let Some(invalid) = changed.config.invalid_fields().first() {
            panic!("RequestIdLayer: {invalid}");
        }
        changed
    }

    #[cfg(feature = "serde")]
    pub(crate) fn of(config: Config) -> Self {
        Self { config: Arc::new(config) }
    }
}

impl<S> Layer<S> for RequestIdLayer {
    type Service = RequestIdService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestIdService::new(inner, Arc::clone(&self.config))
    }
}
