use battlement_core::{CallFacts, RequestId};
use http::{HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;

use super::Propagate;
use crate::{
    Trace, generator,
    server::config::{X_CORRELATION_ID, X_REQUEST_ID, is_trace_header},
    w3c::{TRACEPARENT, TRACESTATE},
};

/// Puts the id of the current request on calls to other services.
///
/// Around a hyper-util client, a tonic channel or, with the feature `reqwest`, a `reqwest::Client`. The
/// facts are those of the request whose handler makes the call, in whatever function or task that
/// [`carry`](crate::carry) was wrapped around; a proxy's are those of the request it passes on.
///
/// It writes the request id, the correlation id if the server keeps one, and `traceparent` with
/// `tracestate` if the server takes part in the trace ([`TraceContext::Own`](crate::TraceContext::Own)),
/// each call with a span id of its own. Outside of any request it writes nothing.
///
/// A header that is there already stays, but for the request that a proxy passes on: what its caller sent
/// in those headers is not what we decided about it, and gives way.
///
/// It goes innermost: a retried call then carries the same id in every try. Around a `tower::buffer::Buffer`
/// it goes outside of that, which calls what is inside from a task of its own.
///
/// # Example
///
/// ```
/// use battlement_request_id::{Generator, PropagateLayer, scope};
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let client = ServiceBuilder::new()
///     .layer(PropagateLayer::new())
///     .service(service_fn(async |request: Request<()>| {
///         assert!(request.headers().contains_key("x-request-id"));
///         Ok::<_, std::convert::Infallible>(Response::new(()))
///     }));
/// let id = Generator::uuid_v7().make();
/// scope(id, client.oneshot(Request::new(()))).await.unwrap();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PropagateLayer {
    header: HeaderName,
    correlation: HeaderName,
    #[cfg(feature = "opentelemetry")]
    opentelemetry: bool,
}

impl PropagateLayer {
    /// Writes `x-request-id`, and `x-correlation-id` if there is such an id.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: X_REQUEST_ID,
            correlation: X_CORRELATION_ID,
            #[cfg(feature = "opentelemetry")]
            opentelemetry: false,
        }
    }

    /// The header of the request id. Default: `x-request-id`.
    ///
    /// # Panics
    ///
    /// If it is `traceparent`, `tracestate` or the correlation id's header.
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self.checked()
    }

    /// The header of the correlation id. Default: `x-correlation-id`.
    ///
    /// # Panics
    ///
    /// If it is `traceparent`, `tracestate` or the request id's header.
    #[must_use]
    pub fn correlation(mut self, name: HeaderName) -> Self {
        self.correlation = name;
        self.checked()
    }

    fn checked(self) -> Self {
        for name in [&self.header, &self.correlation] {
            assert!(!is_trace_header(name), "PropagateLayer: {name} belongs to trace context");
        }
        assert!(
            self.header != self.correlation,
            "PropagateLayer: {} cannot be both the request id's header and the correlation id's",
            self.header
        );
        self
    }

    /// Whether `traceparent` and `tracestate` come from the OpenTelemetry span that is current when the
    /// call is made. Default: only if the server's layer has
    /// [`TraceContext::OpenTelemetry`](crate::TraceContext::OpenTelemetry). Where there is no such span, they
    /// are written as without this.
    #[cfg(feature = "opentelemetry")]
    #[must_use]
    pub const fn opentelemetry(mut self, yes: bool) -> Self {
        self.opentelemetry = yes;
        self
    }

    /// Writes what a call carries. The headers of a request that is `passed_on` are its caller's.
    pub(super) fn write(&self, facts: &CallFacts, headers: &mut HeaderMap, passed_on: bool) {
        let mut write = |name: &HeaderName, id: &RequestId| {
            if passed_on || !headers.contains_key(name) {
                headers.insert(name, id.header_value().clone());
            }
        };
        if let Some(id) = facts.id() {
            write(&self.header, id);
        }
        if let Some(id) = facts.correlation() {
            write(&self.correlation, &id.0);
        }
        if (passed_on || !headers.contains_key(TRACEPARENT))
            && let Some(trace) = self.trace(facts)
        {
            write_trace(&trace, headers);
        }
    }

    fn trace(&self, facts: &CallFacts) -> Option<Trace> {
        let kept = facts.trace().filter(|trace| trace.owned);
        let reported = kept.is_some_and(|trace| trace.reported);
        self.opentelemetry_trace(reported).or_else(|| {
            let mut trace = kept?.clone();
            if !reported {
                trace.span_id = generator::span_id();
            }
            Some(trace)
        })
    }

    #[cfg(feature = "opentelemetry")]
    fn opentelemetry_trace(&self, reported: bool) -> Option<Trace> {
        if self.opentelemetry || reported { crate::otel::current_trace() } else { None }
    }

    #[cfg(not(feature = "opentelemetry"))]
    #[expect(clippy::unused_self, reason = "the twin of the one with the feature")]
    const fn opentelemetry_trace(&self, _reported: bool) -> Option<Trace> {
        None
    }
}

/// A `tracestate` without our `traceparent` belongs to no trace of ours and is replaced.
fn write_trace(trace: &Trace, headers: &mut HeaderMap) {
    let Ok(value) = HeaderValue::from_bytes(&trace.traceparent()) else {
        return;
    };
    headers.insert(TRACEPARENT, value);
    headers.remove(TRACESTATE);
    if let Some(state) = trace.state.as_deref()
        && let Ok(value) = HeaderValue::from_str(state)
    {
        headers.insert(TRACESTATE, value);
    }
}

impl Default for PropagateLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for PropagateLayer {
    type Service = Propagate<S>;

    fn layer(&self, inner: S) -> Propagate<S> {
        Propagate::new(inner, self.clone())
    }
}
