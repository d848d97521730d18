use std::{ops::RangeInclusive, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use super::{RequestIdService, RequestSpan, TraceContext, Untrusted, config::Config};
use crate::{Generator, Trust};

/// Gives every request an id. The crate's docs say what it does and where it goes.
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
    /// The defaults, as the crate's docs have them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The header of the id, inbound and in the answer. Default: `x-request-id`.
    ///
    /// # Panics
    ///
    /// If it is the correlation id's header, `traceparent`, `tracestate`, or one that HTTP defines, as `date`.
    #[must_use]
    pub fn header(self, name: HeaderName) -> Self {
        self.checked(|config| config.header = name)
    }

    /// Whose ids and traces are taken over. Default: [`Trust::IfValid`].
    #[must_use]
    pub fn trust(self, trust: Trust) -> Self {
        self.changed(|config| config.trust = trust)
    }

    /// Whose traces are taken over, where that is not whose ids are. Default: as [`trust`](Self::trust).
    ///
    /// For a front gate that keeps anybody's ids, since they harm nobody, but begins its own traces.
    #[must_use]
    pub fn trust_trace(self, trust: Trust) -> Self {
        self.changed(|config| config.trust_trace = Some(trust))
    }

    /// How many bytes an inbound id may have, at most 128. Default: 8 to 128; under [`Trust::Always`]
    /// 1 to 128.
    ///
    /// # Panics
    ///
    /// If the range is empty or leaves 1 to 128.
    #[must_use]
    pub fn accept_length(self, bytes: RangeInclusive<usize>) -> Self {
        self.checked(|config| config.accept_length = Some(bytes))
    }

    /// How ids are made for requests that bring none. Default: [`Generator::uuid_v7`].
    #[must_use]
    pub fn generator(self, generator: Generator) -> Self {
        self.changed(|config| config.generator = generator)
    }

    /// Keeps a correlation id beside the request id, in this header. Default: none.
    ///
    /// It is taken over by the same rules and sent back as well; a request that brings none starts a flow
    /// of its own, whose correlation id is the request's id. The usual header is `x-correlation-id`.
    ///
    /// # Panics
    ///
    /// If it is the request id's header, `traceparent`, `tracestate`, or one that HTTP defines, as `date`.
    #[must_use]
    pub fn correlation(self, name: HeaderName) -> Self {
        self.checked(|config| config.correlation = Some(name))
    }

    /// What to do with W3C Trace Context. Default: [`TraceContext::Read`].
    #[must_use]
    pub fn trace_context(self, mode: TraceContext) -> Self {
        self.changed(|config| config.trace = mode)
    }

    /// What becomes of the trace of a caller that is not trusted, under [`TraceContext::Own`].
    /// Default: [`Untrusted::Restart`].
    #[must_use]
    pub fn untrusted_trace(self, untrusted: Untrusted) -> Self {
        self.changed(|config| config.untrusted = untrusted)
    }

    /// Whether the traces that begin here, under [`TraceContext::Own`], are marked as sampled.
    /// Default: no, as W3C Trace Context recommends for whoever does not decide. Services behind this one
    /// that sample by their parent then record none of them.
    #[must_use]
    pub fn sample_new_traces(self, sampled: bool) -> Self {
        self.changed(|config| config.sample_new_traces = sampled)
    }

    /// Where the ids are written for `tracing`. Default: [`RequestSpan::Own`].
    #[must_use]
    pub fn span(self, span: RequestSpan) -> Self {
        self.changed(|config| config.span = span)
    }

    /// Whether responses carry the ids. Default: yes.
    #[must_use]
    pub fn echo(self, echo: bool) -> Self {
        self.changed(|config| config.echo = echo)
    }

    /// Whether the request's own headers are made to say what was decided. Default: no.
    ///
    /// For handlers that read the headers, and for proxies that copy them onto a request of another type. The id's
    /// and the correlation id's header are set. A trace that was not accepted is removed, as is one that the
    /// service takes part in, and `x-correlation-id` of a caller that is not trusted where no correlation id is
    /// kept.
    #[must_use]
    pub fn rewrite_request(self, rewrite: bool) -> Self {
        self.changed(|config| config.rewrite_request = rewrite)
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through;
    /// a handler that takes a `RequestId` as extractor then answers 500, one that takes an `Option` does not.
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
        if let Some(mistake) = changed.config.invalid_fields().first() {
            panic!("RequestIdLayer: {mistake}");
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
