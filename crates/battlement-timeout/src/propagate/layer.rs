use std::{marker::PhantomData, sync::Arc, time::Duration};

use battlement_core::{ConfigError, DefaultReject, WithError};
use tower_layer::Layer;

use super::{config::Config, service::PropagateDeadline};
use crate::{CallDeadlineLayer, Observe, TimeoutHeader, observe::Observer};

/// A layer that sends the time that is left for the current request with the calls to other services.
///
/// The layer wraps a hyper-util client, a tonic channel or, with the feature `reqwest`, a `reqwest::Client`. A gRPC call gets
/// `grpc-timeout`, any other call the [`header`](Self::header). The value is the time until the deadline of the call
/// less the [`margin`](Self::margin), rounded down: a header states it in milliseconds, from 10 seconds on in steps of 10.
/// A call without a deadline is unchanged.
///
/// The deadline is that of the request whose handler makes the call, or that of an outer
/// [`CallDeadlineLayer`](crate::CallDeadlineLayer). Under a [`TimeoutLayer`](crate::TimeoutLayer) around each try it is
/// the shorter of the two. The layer has no timer of its own: one of those layers goes outside.
///
/// A shorter value that the application has set on the call is kept. In a proxy, the value of the caller is replaced,
/// since it states the time that was left when the caller sent it.
///
/// # Calls with no time left
///
/// If the time left is the margin or less, or less than the millisecond that a header can state, the layer does not
/// make the call. It answers 504 with the code `deadline_exceeded`, to gRPC DEADLINE_EXCEEDED; or with
/// [`as_error`](Self::as_error) it returns an [`Elapsed`](crate::Elapsed).
///
/// # Expiry on the other side
///
/// The receiver ends the call at the time that it was sent, shortly before the deadline here. A tonic channel and a
/// tonic server then report CANCELLED, as if the caller had gone away. An error, or a gRPC status CANCELLED without a
/// body, that arrives after that time is therefore the expiry: the call ends with DEADLINE_EXCEEDED, like one whose
/// deadline has passed here.
///
/// # Example
///
/// ```
/// use battlement_timeout::{DeadlineLayer, PropagateDeadlineLayer};
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let client = PropagateDeadlineLayer::new().layer(service_fn(async |request: Request<()>| {
///     assert_eq!(request.headers()["x-request-timeout-ms"], "29990");
///     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
/// }));
/// let handler = service_fn(move |_: Request<()>| client.clone().oneshot(Request::new(())));
/// // 30 seconds, unless the request states another time.
/// let server = DeadlineLayer::new().layer(handler);
/// server.oneshot(Request::new(())).await.unwrap();
/// # }
/// ```
#[derive(Debug)]
pub struct PropagateDeadlineLayer<A = DefaultReject> {
    pub(super) config: Arc<Config>,
    form: PhantomData<fn() -> A>,
}

impl PropagateDeadlineLayer {
    /// Creates a layer that sends `grpc-timeout` or `x-request-timeout-ms`, 5 ms less than the time that is left.
    #[must_use]
    pub fn new() -> Self {
        Self { config: Arc::default(), form: PhantomData }
    }
}

impl<A> PropagateDeadlineLayer<A> {
    /// Returns a call with no time left as a boxed [`Elapsed`](crate::Elapsed) instead of a response.
    #[must_use]
    pub fn as_error(self) -> PropagateDeadlineLayer<WithError> {
        PropagateDeadlineLayer { config: self.config, form: PhantomData }
    }

    /// Sets the header of HTTP calls. Default: `x-request-timeout-ms`.
    #[must_use]
    pub fn header(self, header: TimeoutHeader) -> Self {
        self.configure(|config| config.header = header)
    }

    /// Sets the time that is kept back for the way of the response. Default: 5 ms, more than a round trip within a
    /// data center. A call whose limit is not longer than the margin is never made; for a margin from outside, see
    /// [`try_within`](Self::try_within).
    #[must_use]
    pub fn margin(self, margin: Duration) -> Self {
        self.configure(|config| config.margin = margin)
    }

    /// Checks the margin against the limit of the calls, for values from outside.
    ///
    /// # Errors
    ///
    /// If the [`margin`](Self::margin) is not shorter than the limit of `call`, so that no call would be made.
    pub fn try_within<B>(self, call: &CallDeadlineLayer<B>) -> Result<Self, ConfigError> {
        self.config.check_within(call.limit()).map(|()| self)
    }

    /// Sets the observer of expired calls and of calls that were not made, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl Default for PropagateDeadlineLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Clone for PropagateDeadlineLayer<A> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), form: PhantomData }
    }
}

impl<S, A> Layer<S> for PropagateDeadlineLayer<A> {
    type Service = PropagateDeadline<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        PropagateDeadline::new(inner, self.clone())
    }
}
