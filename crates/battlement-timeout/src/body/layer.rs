use std::{fmt, marker::PhantomData, sync::Arc};

use battlement_core::{DefaultReject, InvalidField, WithError};
use tower_layer::Layer;

use super::{config::Config, limits::BodyLimits, service::BodyTimeout};
use crate::{Observe, observe::Observer};

/// A layer that limits the time that the bodies of requests and of responses take.
///
/// Each direction has its own [`BodyLimits`]: the time to the first byte, the time between frames, and the total time.
/// A limit counts only while the reader waits: a body that is ready at once costs no timer and no look at the clock,
/// and others have one timer, which is moved only after it fires.
///
/// - A request body that exceeds a limit returns an error to its reader. Unless the service then answers with a status
///   below 400 (in gRPC: OK), the layer drops its call and answers 408 (in gRPC: DEADLINE_EXCEEDED), over HTTP/1 with
///   `Connection: close`. A body that another task reads, as of a spawned upload, returns the error to that task; the
///   layer then answers nothing itself.
/// - A response body that exceeds a limit ends with an error, in gRPC with trailers. A client that reads slowly does not
///   exceed a limit, because the server does not wait for the body meanwhile.
/// - Event streams and gRPC calls are not limited unless [`event_streams`](Self::event_streams) and
///   [`grpc_streams`](Self::grpc_streams) are set: both may be silent for hours. The bytes of an upgraded connection
///   are not part of a body, and no limit applies to them.
///
/// # Example
///
/// ```
/// use std::{convert::Infallible, time::Duration};
/// use battlement_timeout::{BodyLimits, BodyTimeoutLayer, TimeoutBody};
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::{BodyExt, Full, channel::Channel};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let save = service_fn(async |request: Request<TimeoutBody<Channel<Bytes>>>| {
///     let status = match request.into_body().collect().await {
///         Ok(_) => StatusCode::OK,
///         Err(_) => StatusCode::BAD_REQUEST,
///     };
///     Ok::<_, Infallible>(Response::builder().status(status).body(Full::<Bytes>::default()).unwrap())
/// });
/// let limits = BodyLimits::new().idle(Duration::from_millis(10)).first_byte(Duration::from_millis(10));
/// let save = BodyTimeoutLayer::new().request(limits).layer(save);
///
/// let (_sender, body) = Channel::new(1); // It never sends.
/// let response = save.oneshot(Request::post("/photos").body(body).unwrap()).await.unwrap();
/// assert_eq!(response.status(), 408);
/// assert_eq!(response.headers()["connection"], "close");
/// # }
/// ```
pub struct BodyTimeoutLayer<A = DefaultReject> {
    config: Arc<Config>,
    form: PhantomData<fn() -> A>,
}

impl BodyTimeoutLayer {
    /// Creates a layer with the default limits, [`BodyLimits::requests`] and [`BodyLimits::responses`].
    #[must_use]
    pub fn new() -> Self {
        Self::of(Config::default())
    }
}

impl Default for BodyTimeoutLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> BodyTimeoutLayer<A> {
    pub(crate) fn of(config: Config) -> Self {
        Self { config: Arc::new(config), form: PhantomData }
    }

    /// Sets the limits of request bodies. Default: [`BodyLimits::requests`].
    ///
    /// # Panics
    ///
    /// If a limit is zero, or above the total.
    #[must_use]
    pub fn request(self, limits: BodyLimits) -> Self {
        self.checked(|config| config.request = limits)
    }

    /// Sets the limits of response bodies. Default: [`BodyLimits::responses`].
    ///
    /// # Panics
    ///
    /// If a limit is zero, or above the total.
    #[must_use]
    pub fn response(self, limits: BodyLimits) -> Self {
        self.checked(|config| config.response = limits)
    }

    /// Sets whether the limits apply to event streams (`text/event-stream`). Default: no, because a stream is silent
    /// until the next event.
    #[must_use]
    pub fn event_streams(self, limited: bool) -> Self {
        self.configure(|config| config.event_streams = limited)
    }

    /// Sets whether the limits apply to gRPC calls, in both directions. Default: no, because a stream may be silent,
    /// and a call with one message looks the same; deadlines limit those.
    #[must_use]
    pub fn grpc_streams(self, limited: bool) -> Self {
        self.configure(|config| config.grpc_streams = limited)
    }

    /// Returns an expired request body as a boxed [`Elapsed`](crate::Elapsed) instead of a response, for layers around
    /// clients and for those whose errors another layer answers.
    #[must_use]
    pub fn as_error(self) -> BodyTimeoutLayer<WithError> {
        BodyTimeoutLayer { config: self.config, form: PhantomData }
    }

    /// Sets the observer of expired bodies, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes bodies through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    pub(super) const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    #[cfg(all(test, feature = "serde"))]
    pub(crate) fn limits_set(&self) -> [BodyLimits; 2] {
        [self.config.request, self.config.response]
    }

    fn checked(self, change: impl FnOnce(&mut Config)) -> Self {
        let layer = self.configure(change);
        let invalid: Vec<_> =
            layer.config.invalid_fields().iter().map(InvalidField::to_string).collect();
        assert!(invalid.is_empty(), "BodyTimeoutLayer: {}", invalid.join("; "));
        layer
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<A> Clone for BodyTimeoutLayer<A> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), form: PhantomData }
    }
}

impl<A> fmt::Debug for BodyTimeoutLayer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyTimeoutLayer").field("config", &self.config).finish()
    }
}

impl<S, A> Layer<S> for BodyTimeoutLayer<A> {
    type Service = BodyTimeout<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyTimeout::new(inner, self.clone())
    }
}
