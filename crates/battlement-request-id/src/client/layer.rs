use battlement_core::CallFacts;
use http::{HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;

use super::Propagate;
use crate::{
    Trace, generator,
    server::config::{X_CORRELATION_ID, X_REQUEST_ID},
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
/// each call with a span id of its own. A header that is there already stays. Outside of any request it
/// writes nothing.
///
/// It goes innermost: a retried call then carries the same id in every try.
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
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self
    }

    /// The header of the correlation id. Default: `x-correlation-id`.
    #[must_use]
    pub fn correlation(mut self, name: HeaderName) -> Self {
        self.correlation = name;
        self
    }

    /// Whether `traceparent` and `tracestate` come from the OpenTelemetry span that is current when the
    /// call is made. Default: no. Where there is no such span, they are written as without this.
    #[cfg(feature = "opentelemetry")]
    #[must_use]
    pub const fn opentelemetry(mut self, yes: bool) -> Self {
        self.opentelemetry = yes;
        self
    }

    pub(super) fn write(&self, facts: &CallFacts, headers: &mut HeaderMap) {
        if let Some(id) = facts.id() {
            headers.entry(&self.header).or_insert_with(|| id.header_value().clone());
        }
        if let Some(id) = facts.correlation() {
            headers.entry(&self.correlation).or_insert_with(|| id.0.header_value().clone());
        }
        if !headers.contains_key(TRACEPARENT)
            && let Some(trace) = self.trace(facts)
        {
            write_trace(&trace, headers);
        }
    }

    fn trace(&self, facts: &CallFacts) -> Option<Trace> {
        self.opentelemetry_trace().or_else(|| {
            let mut trace = facts.trace().filter(|trace| trace.owned)?.clone();
            trace.span_id = generator::span_id();
            Some(trace)
        })
    }

    #[cfg(feature = "opentelemetry")]
    fn opentelemetry_trace(&self) -> Option<Trace> {
        if self.opentelemetry { crate::otel::current_trace() } else { None }
    }

    #[cfg(not(feature = "opentelemetry"))]
    #[expect(clippy::unused_self, reason = "the twin of the one with the feature")]
    const fn opentelemetry_trace(&self) -> Option<Trace> {
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
