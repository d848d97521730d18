use std::sync::Arc;

use battlement_core::{Classify, WithError, WithResponse};
use http::Extensions;

use super::HedgeLayer;
use crate::{
    Idempotency,
    http::{Http, HttpConfig},
};

impl HedgeLayer<Http> {
    /// Creates a layer that sends copies of calls of HTTP and gRPC where that is safe.
    ///
    /// The inner service takes requests with a [`ReplayBody`](crate::ReplayBody), as hyper-util's client does, or those of
    /// reqwest.
    ///
    /// # Example
    ///
    /// ```
    /// use std::{convert::Infallible, time::Duration};
    ///
    /// use battlement_retry::{Attempts, HedgeLayer, ReplayBody};
    /// use http::{Request, Response};
    /// use http_body_util::Empty;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // The first attempt hangs.
    /// let upstream = service_fn(async |request: Request<ReplayBody<Empty<&[u8]>>>| {
    ///     let facts = battlement_core::CallFacts::of(&request);
    ///     if facts.attempt() == 1 {
    ///         std::future::pending::<()>().await;
    ///     }
    ///     Ok::<_, Infallible>(Response::new(Empty::<&[u8]>::new()))
    /// });
    /// let layer = HedgeLayer::http().after(Duration::from_millis(50));
    /// let request = Request::get("http://stock/items/7").body(Empty::new()).unwrap();
    /// let response = layer.layer(upstream).oneshot(request).await.unwrap();
    /// assert_eq!(Attempts::of(&response), Attempts(2));
    /// # }
    /// ```
    #[must_use]
    pub fn http() -> Self {
        Self::of(Http::new(Arc::default()))
    }
}

#[cfg(feature = "tonic")]
impl HedgeLayer<Http<WithResponse, battlement_core::AsTonic>> {
    /// Creates a layer as [`http`](HedgeLayer::http) for a tonic channel, which takes requests with tonic's body.
    #[must_use]
    pub fn tonic() -> Self {
        Self::of(Http::new(Arc::default()))
    }
}

impl<W> HedgeLayer<Http<WithResponse, W>> {
    /// Returns errors as boxed ones, as tower's layers do, for an inner service with such errors.
    #[must_use]
    pub fn as_error(self) -> HedgeLayer<Http<WithError, W>> {
        self.map(Http::form)
    }
}

impl<A, W> HedgeLayer<Http<A, W>> {
    /// Sets the rules by which a request is idempotent. Default: the idempotent methods, and requests with an
    /// `Idempotency-Key`.
    #[must_use]
    pub fn idempotency(self, rules: Idempotency) -> Self {
        self.configure_http(|config| config.idempotency = rules)
    }

    /// Sets whether an `Idempotency-Key` makes a request idempotent; see
    /// [`Idempotency::idempotency_key`]. Default: yes.
    ///
    /// The service must then honor a key whose first request is still in progress.
    #[must_use]
    pub fn idempotency_key(self, is_honored: bool) -> Self {
        self.change_idempotency(|rules| rules.idempotency_key(is_honored))
    }

    /// Sets the gRPC methods that are idempotent, as `inventory.v1.Inventory/Reserve`; see
    /// [`Idempotency::grpc_methods`]. Default: none.
    ///
    /// # Panics
    ///
    /// If a name is not a service and a method, as `pkg.Svc/Method`.
    #[must_use]
    pub fn idempotent_methods<M: AsRef<str>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        self.change_idempotency(|rules| rules.grpc_methods(methods))
    }

    /// Sets the most bytes of a request body that are kept for a copy. A longer body is sent once. Default: 64 KiB.
    #[must_use]
    pub fn replay_limit(self, bytes: u64) -> Self {
        self.configure_http(|config| config.replay_limit = bytes)
    }

    /// Sets the classifier of responses and errors. Default: [`Auto`](battlement_core::Auto), by the status of HTTP or
    /// gRPC.
    #[must_use]
    pub fn classify(self, classify: impl Classify + Send + Sync + 'static) -> Self {
        self.configure_http(|config| config.classify = Arc::new(classify))
    }

    /// Sets a closure that copies extensions of the request to those of its further copies, as
    /// [`RetryLayer::copy_extensions`](crate::RetryLayer::copy_extensions).
    #[must_use]
    pub fn copy_extensions<F>(self, copy: F) -> Self
    where
        F: Fn(&Extensions, &mut Extensions) + Send + Sync + 'static,
    {
        self.configure_http(|config| config.copy = Some(Arc::new(copy)))
    }

    /// Sets whether the number of the attempt is written to the request, as
    /// [`RetryLayer::attempt_headers`](crate::RetryLayer::attempt_headers). Default: no.
    #[must_use]
    pub fn attempt_headers(self, are_written: bool) -> Self {
        self.configure_http(|config| config.headers = are_written)
    }

    fn change_idempotency(self, change: impl FnOnce(Idempotency) -> Idempotency) -> Self {
        self.configure_http(|config| config.change_idempotency(change))
    }

    pub(crate) fn configure_http(self, change: impl FnOnce(&mut HttpConfig)) -> Self {
        self.map(|kind| kind.configure(change))
    }
}
