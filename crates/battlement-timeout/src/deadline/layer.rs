use std::{marker::PhantomData, sync::Arc, time::Duration};

use battlement_core::{DefaultReject, RequestHead, TrustedPeers, WithError};
use http::StatusCode;
use ipnet::IpNet;
use tower_layer::Layer;

use super::{config::Config, service::DeadlineService};
use crate::{CallDeadlineLayer, Observe, TimeoutHeader, observe::Observer};

/// A layer that sets the total time of each request to a server, counted from the start of the request.
///
/// A gRPC call brings its time in `grpc-timeout`; a request of a trusted peer brings it in a header, if
/// [`header`](Self::header) is set. Any other request gets the default, 30 seconds. At the deadline the call is
/// dropped, and the caller gets a 504 or, over gRPC, DEADLINE_EXCEEDED. A request that arrives with no time left is
/// rejected before the service is called.
///
/// A caller that ends its call itself within 5 ms of the deadline, before the head of the response, has timed out too:
/// metrics count the call as `timeout` and not as `cancelled`. A tonic channel that sends `grpc-timeout` ends its calls
/// so.
///
/// Handlers read the deadline with [`Deadline::current`](crate::Deadline::current), and the client layers of this crate
/// limit the calls that are made for the request. A spawned task keeps it through
/// [`carry`](battlement_core::carry).
///
/// After the head of the response the deadline applies to the body only of a unary gRPC call that brought a
/// `grpc-timeout`, unless [`bodies`](Self::bodies) is set: a long download is not a slow request. A gRPC response
/// counts as unary until its first message is complete. A connection that was upgraded is never ended, since it belongs
/// to the server after the 101.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_timeout::{DeadlineLayer, TimeoutHeader};
///
/// let layer = DeadlineLayer::new()
///     .default_limit(Duration::from_secs(10))
///     .header(TimeoutHeader::default())
///     .trust_peers(["10.0.0.0/8".parse().unwrap()]);
/// ```
#[derive(Debug)]
pub struct DeadlineLayer<A = DefaultReject> {
    config: Arc<Config>,
    form: PhantomData<fn() -> A>,
}

impl DeadlineLayer {
    /// Creates a layer that gives each request 30 seconds, unless it brings another time, and at most 60.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Config::default())
    }

    /// Creates the layer of a client: it limits a call with all its tries to the shorter of `limit` and the time that
    /// the request has left for which the call is made.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn client(limit: Duration) -> CallDeadlineLayer {
        CallDeadlineLayer::new(limit)
    }
}

impl<A> DeadlineLayer<A> {
    pub(crate) fn of(config: Config) -> Self {
        Self { config: Arc::new(config), form: PhantomData }
    }

    pub(super) const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Sets the time of a request that brings no usable value. Default: 30 s, which is about as long as clients and
    /// balancers wait. It raises the [maximum](Self::max) if that is lower.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn default_limit(self, limit: Duration) -> Self {
        self.checked(|config| {
            config.default = limit;
            config.max = config.max.max(limit);
        })
    }

    /// Sets the longest time that a request may bring, and to which [`DeadlineOverride`](crate::DeadlineOverride) may
    /// lengthen it. Default: 60 s. It lowers the [default](Self::default_limit) if that is higher.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn max(self, max: Duration) -> Self {
        self.checked(|config| {
            config.max = max;
            config.default = config.default.min(max);
        })
    }

    /// Sets the header in which trusted peers send the time that they wait. Default: none is read.
    ///
    /// The header of any other peer is ignored and removed from the request; the first time, a warning says so.
    #[must_use]
    pub fn header(self, header: TimeoutHeader) -> Self {
        self.configure(|config| config.header = Some(header))
    }

    /// Trusts the header of peers for which `trusts` returns true. Default: of the proxies that
    /// `battlement_client_ip::ClientIpLayer`, further out, trusts.
    #[must_use]
    pub fn trust(self, trusts: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.configure(|config| config.trusted = TrustedPeers::when(trusts))
    }

    /// Trusts the header of peers in `networks`, in place of the proxies that the client IP layer trusts.
    #[must_use]
    pub fn trust_peers(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        let networks = networks.into_iter().collect();
        self.configure(|config| config.trusted = TrustedPeers::within(networks))
    }

    /// Sets whether the deadline applies to the bodies of responses as well. Default: no. Event streams and gRPC
    /// streams are still excepted. A body that is always ready ends at the first frame after the deadline, unless that
    /// is its last.
    #[must_use]
    pub fn bodies(self, yes: bool) -> Self {
        self.configure(|config| config.bodies = yes)
    }

    /// Sets whether the deadline ends event streams (`text/event-stream`). Default: no.
    #[must_use]
    pub fn event_streams(self, yes: bool) -> Self {
        self.configure(|config| config.event_streams = yes)
    }

    /// Sets whether the deadline ends gRPC responses of more than one message. Default: no.
    #[must_use]
    pub fn grpc_streams(self, yes: bool) -> Self {
        self.configure(|config| config.grpc_streams = yes)
    }

    /// Sets the status of the answer to a request that has expired. Default: 504. A gRPC caller gets DEADLINE_EXCEEDED
    /// in any case.
    ///
    /// # Panics
    ///
    /// If `status` is not 5xx.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        if let Some(invalid) = crate::status::invalid("status", status.as_u16()) {
            panic!("DeadlineLayer: {invalid}");
        }
        self.configure(|config| config.status = Some(status.as_u16()))
    }

    /// Sets the observer, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes requests through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    /// Returns an expired request as a boxed [`Elapsed`](crate::Elapsed) instead of a response.
    #[must_use]
    pub fn as_error(self) -> DeadlineLayer<WithError> {
        DeadlineLayer { config: self.config, form: PhantomData }
    }

    fn checked(self, change: impl FnOnce(&mut Config)) -> Self {
        let changed = self.configure(change);
        if let Some(invalid) = changed.config.invalid_times().first() {
            panic!("DeadlineLayer: {invalid}");
        }
        changed
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl Default for DeadlineLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Clone for DeadlineLayer<A> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), form: PhantomData }
    }
}

impl<S, A> Layer<S> for DeadlineLayer<A> {
    type Service = DeadlineService<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineService::new(inner, self.clone())
    }
}
