use std::sync::Arc;

use battlement_core::Failure;
use tower_layer::Layer;

use super::{
    any::AnyFallback,
    config::Config,
    on::FallbackOn,
    service::Fallback,
    source::{AtOnce, OfRequest, ToService, Value},
};
use crate::{ByError, Observe, observe::Observer};

/// A layer that answers failed calls from another source: a value, a closure, or another service.
///
/// The layer goes outside the circuit breaker and outside of retries, so that it answers once the call as a whole has
/// failed. If the fallback fails, the first failure goes back to the caller.
///
/// `value`, `closure` and `service` are around HTTP services, and [`any_value`](FallbackLayer::any_value),
/// [`any_closure`](FallbackLayer::any_closure) and [`any_service`](FallbackLayer::any_service) around services of any
/// request and response. `K` is the kind of calls.
#[derive(Clone, Debug)]
pub struct FallbackLayer<K> {
    kind: K,
    config: Arc<Config>,
}

impl<T> FallbackLayer<AnyFallback<AtOnce<Value<T>>, ByError>> {
    /// Creates a layer around any service that answers a failed call with a clone of `value`.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_circuit_breaker::FallbackLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let query = service_fn(async |_: u32| {
    ///     Err::<Vec<&str>, _>(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
    /// });
    /// let recommended = FallbackLayer::any_value(vec!["bestseller"]).layer(query);
    /// assert_eq!(recommended.oneshot(7).await.unwrap(), ["bestseller"]);
    /// # }
    /// ```
    #[must_use]
    pub fn any_value(value: T) -> Self {
        Self::any(AtOnce(Value(Arc::new(value))))
    }
}

impl<C> FallbackLayer<AnyFallback<AtOnce<OfRequest<C>>, ByError>> {
    /// Creates a layer around any service that answers a failed call with the response of `closure`. If the closure
    /// returns `None`, the first failure goes back. Each request is cloned, for the closure.
    #[must_use]
    pub fn any_closure<Req, Res>(closure: C) -> Self
    where
        C: Fn(&Req, Failure) -> Option<Res>,
    {
        Self::any(AtOnce(OfRequest(Arc::new(closure))))
    }
}

impl<F> FallbackLayer<AnyFallback<ToService<F, ()>, ByError>> {
    /// Creates a layer around any service that sends the request of a failed call to `service`. Each request is cloned.
    #[must_use]
    pub fn any_service(service: F) -> Self {
        Self::any(ToService::new(service))
    }
}

impl<F> FallbackLayer<AnyFallback<F, ByError>> {
    fn any(source: F) -> Self {
        Self::of(AnyFallback { source, judge: ByError })
    }
}

impl<F, J> FallbackLayer<AnyFallback<F, J>> {
    /// Sets the judgment of results. Default: `Ok` is a success, and an error is judged by the default
    /// [`ErrorChain`](battlement_core::ErrorChain). For a service with boxed errors, set
    /// [`judge_boxed_error`](battlement_core::judge_boxed_error).
    #[must_use]
    pub fn judge<T>(self, judge: T) -> FallbackLayer<AnyFallback<F, T>> {
        self.map(|kind| AnyFallback { source: kind.source, judge })
    }
}

impl<K> FallbackLayer<K> {
    pub(super) fn of(kind: K) -> Self {
        Self { kind, config: Arc::default() }
    }

    pub(super) fn map<T>(self, change: impl FnOnce(K) -> T) -> FallbackLayer<T> {
        FallbackLayer { kind: change(self.kind), config: self.config }
    }

    /// Sets the classes of failures for which the fallback answers. Default: all of
    /// [`FallbackOn::ALL`](crate::FallbackOn::ALL).
    #[must_use]
    pub fn on(self, classes: impl IntoIterator<Item = FallbackOn>) -> Self {
        self.configure(|config| config.on = classes.into_iter().collect())
    }

    /// Sets the observer of fallbacks, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    pub(super) fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<S, K: Clone> Layer<S> for FallbackLayer<K> {
    type Service = Fallback<S, K>;

    fn layer(&self, inner: S) -> Fallback<S, K> {
        Fallback::new(inner, self.kind.clone(), Arc::clone(&self.config))
    }
}
