use std::sync::Arc;

use battlement_core::{Classify, WithError, WithResponse};
use http::Extensions;

use super::{config::HttpConfig, kind::Http};
use crate::{
    Idempotency, RetryLayer,
    layer::{Boxed, Rejects},
};

impl RetryLayer<Http> {
    /// Creates a layer that repeats failed calls of HTTP and gRPC where that is safe.
    ///
    /// The inner service takes requests with a [`ReplayBody`](crate::ReplayBody), as hyper-util's client does.
    #[must_use]
    pub fn http() -> Self {
        Self::of(Http::new(Arc::default()))
    }
}

#[cfg(feature = "tonic")]
impl RetryLayer<Http<WithResponse, battlement_core::AsTonic>> {
    /// Creates a layer as [`http`](RetryLayer::http) for a tonic channel, which takes requests with tonic's body.
    #[must_use]
    pub fn tonic() -> Self {
        Self::of(Http::new(Arc::default()))
    }
}

impl<W> RetryLayer<Http<WithResponse, W>> {
    /// Returns errors as boxed ones, as tower's layers do, for an inner service with such errors. A call that the
    /// [throttle](Self::throttle) rejects is an error, too, instead of a response.
    #[must_use]
    pub fn as_error(self) -> RetryLayer<Http<WithError, W>> {
        self.map(Http::form)
    }
}

impl<W> Boxed for Http<WithError, W> {}

impl<A, W> Rejects for Http<A, W> {}

impl<A, W> RetryLayer<Http<A, W>> {
    /// Sets the rules by which a request is idempotent. Default: the idempotent methods, and requests with an
    /// `Idempotency-Key`.
    #[must_use]
    pub fn idempotency(self, rules: Idempotency) -> Self {
        self.configure_http(|config| config.idempotency = rules)
    }

    /// Sets whether an `Idempotency-Key` makes a request idempotent; see
    /// [`Idempotency::idempotency_key`]. Default: yes.
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

    /// Sets whether a request that is not idempotent is repeated once after a failure that proves that it was not
    /// processed, such as a refused connection. Default: yes, but no around a `reqwest::Client`.
    ///
    /// The failure proves nothing if the inner service sends more than one request for a call. A client that follows
    /// redirects may send an order that is processed, and then fail to connect to the host of the redirect.
    /// `reqwest::Client` follows redirects unless its `redirect::Policy` is `none`.
    #[must_use]
    pub fn repeat_unprocessed(self, is_repeated: bool) -> Self {
        self.configure_http(|config| config.unprocessed = Some(is_repeated))
    }

    /// Sets the most bytes of a request body that are kept for a retry. A longer body is sent once. Default: 64 KiB.
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

    /// Sets a closure that copies extensions of the request to those of its further attempts.
    ///
    /// Without it, a further attempt has the [`CallFacts`](battlement_core::CallFacts), the
    /// [`PeerAddr`](battlement_core::PeerAddr) and [`Idempotent`](crate::Idempotent) alone: an upgrade, or a handle that
    /// cancels the request, must not be used twice.
    #[must_use]
    pub fn copy_extensions<F>(self, copy: F) -> Self
    where
        F: Fn(&Extensions, &mut Extensions) + Send + Sync + 'static,
    {
        self.configure_http(|config| config.copy = Some(Arc::new(copy)))
    }

    /// Sets whether the number of the attempt is written to the request: to `x-request-attempt` from 1, and for gRPC the
    /// number of previous attempts to `grpc-previous-rpc-attempts`. Default: no.
    #[must_use]
    pub fn attempt_headers(self, are_written: bool) -> Self {
        self.configure_http(|config| config.headers = are_written)
    }

    fn change_idempotency(self, change: impl FnOnce(Idempotency) -> Idempotency) -> Self {
        self.configure_http(|config| config.change_idempotency(change))
    }

    pub(crate) fn configure_http(self, change: impl FnOnce(&mut HttpConfig)) -> Self {
        self.configure_kind(|kind| kind.configure(change))
    }
}
