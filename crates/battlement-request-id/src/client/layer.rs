use battlement_core::{CallFacts, RequestId, Unread};
use http::{HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;

use super::Propagate;
use crate::{
    Trace, generator,
    server::config::{X_CORRELATION_ID, X_REQUEST_ID, refused_header},
    w3c::{TRACEPARENT, TRACESTATE},
};

/// A layer that adds the id of the current request to calls to other services.
///
/// It wraps a hyper-util client, a tonic channel or, with the feature `reqwest`, a `reqwest::Client`. The facts are
/// those of the request whose handler makes the call, in any function and in any task that is wrapped in
/// [`carry`](crate::carry); in a proxy, those of the request that it passes on.
///
/// It adds the request id, the correlation id if the server has one enabled, and `traceparent` with `tracestate`: the
/// caller's, unchanged, if the server only reads traces (the default), or with a span id for each call if it takes
/// part in them ([`TraceContext::Own`](crate::TraceContext::Own)). Outside any request it writes nothing. A header
/// that the call already has is kept.
///
/// It goes innermost, so that every attempt of a retried call has the same id. Around a `tower::buffer::Buffer` it
/// goes outside, since the buffer calls its inner service from a task of its own.
///
/// # Proxied requests
///
/// A reverse proxy sends on the request that it received, with the headers of its caller. The layer then replaces them
/// with the accepted values and removes those that were not accepted: the ids and the trace of an untrusted caller,
/// and a trace whose `traceparent` is invalid. An edge with [`Trust::Never`](crate::Trust::Never) thus passes on
/// nothing that its callers forged. If the server has no correlation id enabled
/// ([`correlation`](crate::RequestIdLayer::correlation)), that header is passed on from trusted callers only. The
/// names of the headers are those of this layer; configure the server's layer with the same names.
///
/// A proxied request is recognized by its extensions. A proxy whose client has a request type of its own, such as
/// reqwest's, or that copies headers onto a new request, makes the headers safe to copy with
/// [`RequestIdLayer::rewrite_request`](crate::RequestIdLayer::rewrite_request).
///
/// # Redirects
///
/// `reqwest::Client` follows redirects by itself, inside this layer and with the same headers: ids and `tracestate`
/// then reach the host that the response names. It removes credentials on the way to another host, but not these
/// headers. Disable that for calls that leave your network:
///
/// ```
/// # fn main() -> Result<(), reqwest::Error> {
/// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// # Ok(())
/// # }
/// ```
///
/// The client of hyper-util and a tonic channel do not follow redirects.
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
    /// Creates a layer that writes `x-request-id`, and `x-correlation-id` if there is such an id.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: X_REQUEST_ID,
            correlation: X_CORRELATION_ID,
            #[cfg(feature = "opentelemetry")]
            opentelemetry: false,
        }
    }

    /// Sets the header of the request id. Default: `x-request-id`.
    ///
    /// # Panics
    ///
    /// If it is the header of the correlation id, `traceparent`, `tracestate`, or one that HTTP defines, such as
    /// `date`.
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self.checked()
    }

    /// Sets the header of the correlation id. Default: `x-correlation-id`.
    ///
    /// # Panics
    ///
    /// If it is the header of the request id, `traceparent`, `tracestate`, or one that HTTP defines, such as `date`.
    #[must_use]
    pub fn correlation(mut self, name: HeaderName) -> Self {
        self.correlation = name;
        self.checked()
    }

    fn checked(self) -> Self {
        for (setting, name) in [("header", &self.header), ("correlation", &self.correlation)] {
            if let Some(message) = refused_header(name) {
                panic!("PropagateLayer: {setting}: {message}");
            }
        }
        assert!(
            self.header != self.correlation,
            "PropagateLayer: {} cannot be the header of both the request id and the correlation id",
            self.header
        );
        self
    }

    /// Takes `traceparent` and `tracestate` from the OpenTelemetry span that is current when the call is made.
    /// Default: false, except for requests whose trace the server's layer took from OpenTelemetry
    /// ([`TraceContext::OpenTelemetry`](crate::TraceContext::OpenTelemetry)), which need no setting here.
    ///
    /// For clients in jobs outside of any request, and behind servers in another mode. Without such a span, the
    /// headers are written as without this setting: after `TraceContext::OpenTelemetry`, as in a spawned task that
    /// lost its span, with the request's span as the parent.
    #[cfg(feature = "opentelemetry")]
    #[must_use]
    pub const fn opentelemetry(mut self, yes: bool) -> Self {
        self.opentelemetry = yes;
        self
    }

    /// Writes the headers of the service's own call. Headers that it already has are kept.
    pub(super) fn write(&self, facts: &CallFacts, headers: &mut HeaderMap) {
        let mut write = |name: &HeaderName, id: &RequestId| {
            if !headers.contains_key(name) {
                headers.insert(name, id.header_value().clone());
            }
        };
        if let Some(id) = facts.id() {
            write(&self.header, id);
        }
        if let Some(id) = facts.correlation() {
            write(&self.correlation, &id.0);
        }
        if headers.contains_key(TRACEPARENT) {
            return;
        }
        if let Some(trace) = self.joined_trace(facts) {
            write_trace(&trace, headers);
        } else if let Some(trace) = facts.trace() {
            copy_trace(trace, headers);
        }
    }

    /// Writes the headers of a proxied request: accepted values replace the caller's, and headers that were not
    /// accepted are removed.
    pub(super) fn overwrite(&self, facts: &CallFacts, headers: &mut HeaderMap) {
        if let Some(id) = facts.id() {
            headers.insert(&self.header, id.header_value().clone());
        }
        // Without a decision of a layer, no header was rejected.
        let unread = facts.unread().unwrap_or(Unread { correlation: true, trace: true });
        if let Some(id) = facts.correlation() {
            headers.insert(&self.correlation, id.0.header_value().clone());
        } else if !unread.correlation {
            headers.remove(&self.correlation);
        }
        if let Some(trace) = self.joined_trace(facts) {
            write_trace(&trace, headers);
        } else if facts.trace().is_none() && !unread.trace {
            headers.remove(TRACEPARENT);
            headers.remove(TRACESTATE);
        }
    }

    /// Returns the trace that the service takes part in, with the span of a call.
    fn joined_trace(&self, facts: &CallFacts) -> Option<Trace> {
        let owned = facts.trace().filter(|trace| trace.owned);
        let reported = owned.is_some_and(|trace| trace.reported);
        self.opentelemetry_trace(reported).or_else(|| {
            let mut trace = owned?.clone();
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

/// Writes the trace. A `tracestate` without its `traceparent` belongs to another trace and is replaced.
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

/// Writes the trace that the service only reads, as its caller sent it.
fn copy_trace(trace: &Trace, headers: &mut HeaderMap) {
    let Some(received) = &trace.headers else {
        return write_trace(trace, headers);
    };
    if let Some(parent) = received.parent() {
        headers.insert(TRACEPARENT, parent);
    }
    headers.remove(TRACESTATE);
    for state in received.states() {
        headers.append(TRACESTATE, state);
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
