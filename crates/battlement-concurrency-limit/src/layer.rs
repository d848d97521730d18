use std::{
    borrow::Cow,
    ops::RangeInclusive,
    sync::{Arc, OnceLock},
    time::Duration,
};

use battlement_core::WithError;
use tower_layer::Layer;

#[cfg(not(feature = "http"))]
use crate::ByError;
#[cfg(feature = "http")]
use crate::Http;
use crate::{
    Algorithm, ByResult, Classed, Handle, Observe, QueuedConcurrencyLimitLayer, adaptive,
    config::{Adaptive, Config, Limit},
    guard::Guard,
    limiter::QueueConfig,
    observe::Observer,
    service::ConcurrencyLimit,
    shared::Shared,
};

/// The kind of calls of a layer unless another is chosen: those of HTTP and gRPC.
#[cfg(feature = "http")]
pub type DefaultKind = Http;
/// The kind of calls of a layer unless another is chosen: those of any service.
#[cfg(not(feature = "http"))]
pub type DefaultKind = ByResult<ByError, WithError>;

#[cfg(feature = "http")]
fn default_kind() -> DefaultKind {
    Http::default()
}

#[cfg(not(feature = "http"))]
const fn default_kind() -> DefaultKind {
    ByResult::new(ByError)
}

/// A layer that limits the number of calls in flight.
///
/// A call holds its permit from `call` to the end of the response body. If the limit is reached, the call is rejected:
/// with the status 503 and `Retry-After`, over gRPC with UNAVAILABLE and a pushback, or with
/// [`as_error`](Self::as_error) with an [`Overloaded`](crate::Overloaded). `poll_ready` reserves nothing, and a service
/// that is not ready causes no rejection.
///
/// `K` is the kind of calls: `Http` of HTTP and gRPC, or [`ByResult`] of any service.
///
/// The layer and its services share one count, however often the layer is applied or cloned. A setter creates a count
/// of its own; call [`pair`](Self::pair) last.
///
/// # Example
///
/// ```
/// use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (layer, handle) = ConcurrencyLimitLayer::fixed(16).judge(judge_error).as_error().pair();
/// let query = layer.layer(service_fn(async |id: u32| Ok::<_, std::io::Error>(id)));
/// assert_eq!(query.oneshot(7).await.unwrap(), 7);
/// assert_eq!(handle.snapshot().in_flight, 0);
/// # }
/// ```
#[derive(Debug)]
pub struct ConcurrencyLimitLayer<K = DefaultKind> {
    pub(crate) kind: K,
    config: Config,
    observer: Observer,
    guard: Arc<OnceLock<Arc<Guard<K>>>>,
}

impl ConcurrencyLimitLayer {
    /// Creates a layer that admits at most `limit` calls at once.
    ///
    /// # Panics
    ///
    /// If `limit` is 0 or more than 2,147,483,647 (with 2 classes 2,097,151, with 3 32,767, with 4 4,095).
    #[must_use]
    pub fn fixed(limit: usize) -> Self {
        Self::of(Config::new(Limit::Fixed(limit)), default_kind()).checked()
    }

    /// Creates a layer whose limit follows the latency of the service.
    ///
    /// The limit grows while it is in use and the service answers as fast as before, and shrinks when latency rises, or
    /// when calls time out.
    #[must_use]
    pub fn adaptive() -> Self {
        Self::algorithm(adaptive::gradient())
    }

    /// Creates a layer whose limit grows by steps, and shrinks by a share when calls time out, or the service rejects
    /// them (additive increase, multiplicative decrease).
    #[must_use]
    pub fn aimd() -> Self {
        Self::algorithm(adaptive::aimd())
    }

    /// Creates a layer whose limit follows an algorithm of your own. Each state of the layer has a clone of it.
    #[must_use]
    pub fn algorithm(algorithm: impl Algorithm + Clone + Sync) -> Self {
        let limit = Limit::Adaptive(Adaptive::new(algorithm));
        Self::of(Config::new(limit), default_kind())
    }
}

impl<K> ConcurrencyLimitLayer<K> {
    pub(crate) fn of(config: Config, kind: K) -> Self {
        Self { kind, config, observer: Observer::default(), guard: Arc::default() }
    }

    /// Limits calls of any service, such as database queries. A permit ends with the future.
    ///
    /// An adaptive limit judges the results by `judge`: a closure, or [`judge_error`](crate::judge_error). Call this
    /// before the setters of the class and the form.
    #[must_use]
    pub fn judge<J>(self, judge: J) -> ConcurrencyLimitLayer<ByResult<J>> {
        self.map(|_| ByResult::new(judge))
    }

    /// Sets the class of a request of any type, by the name that the closure returns. Default: the
    /// [default class](Self::default_class), which is also that of unknown names.
    ///
    /// The closure is a part of the type of the layer, so that the compiler can inline it. Call this after the setters of
    /// the kind, such as `as_error`.
    #[must_use]
    pub fn class_by<Req, F>(self, class: F) -> ConcurrencyLimitLayer<Classed<K, F>>
    where
        F: for<'a> Fn(&'a Req) -> &'a str,
    {
        self.map(|kind| Classed::new(kind, class))
    }

    /// Sets the name of the limit in logs. Default: `default`.
    #[must_use]
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.configure(|config| config.name = name.into())
    }

    /// Sets the least and the largest value of an adaptive limit. Default: 4 to 1,000. The initial limit is moved into
    /// these bounds.
    ///
    /// # Panics
    ///
    /// If the limit is fixed, the bounds are empty, or they contain 0 or more than can be counted (see
    /// [`fixed`](ConcurrencyLimitLayer::fixed)).
    #[must_use]
    pub fn bounds(self, bounds: RangeInclusive<usize>) -> Self {
        self.adapt(|adaptive| {
            (adaptive.min, adaptive.max) = (*bounds.start(), *bounds.end());
            adaptive.initial = adaptive.initial.min(adaptive.max).max(adaptive.min);
        })
    }

    /// Sets the first value of an adaptive limit. Default: 20.
    ///
    /// # Panics
    ///
    /// If the limit is fixed, or `limit` is outside of the [bounds](Self::bounds).
    #[must_use]
    pub fn initial(self, limit: usize) -> Self {
        self.adapt(|adaptive| adaptive.initial = limit)
    }

    /// Sets the classes of calls, the highest first, each with the share of the limit that lower classes may not use.
    /// Default: one class.
    ///
    /// With a [queue](Self::queue), a free permit goes to the highest class that waits.
    ///
    /// # Panics
    ///
    /// If there are more than 4 classes, two have the same name, a name is empty, a share is not 0 to 1, the shares are
    /// more than 1 in sum, or the limit is more than can be counted with so many classes (see
    /// [`fixed`](ConcurrencyLimitLayer::fixed)).
    #[must_use]
    pub fn classes<N: Into<Cow<'static, str>>>(
        self,
        classes: impl IntoIterator<Item = (N, f64)>,
    ) -> Self {
        let classes = classes.into_iter().map(|(name, reserve)| (name.into(), reserve)).collect();
        self.configure(|config| config.classes = classes)
    }

    /// Sets the class of requests that name no class, or an unknown one. Default: the class called `default`, if there
    /// is one, otherwise the lowest.
    ///
    /// # Panics
    ///
    /// If there is no class of this name; call [`classes`](Self::classes) first.
    #[must_use]
    pub fn default_class(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.configure(|config| config.default_class = Some(name.into()))
    }

    /// Lets calls wait: at most `len` at once, each for at most `time`. Default: there is no queue.
    ///
    /// The layer then is of a type of its own, whose services must be `Clone`. Call this after the other setters.
    ///
    /// # Panics
    ///
    /// If `len` is 0 or more than 1,000,000, or `time` is zero or more than an hour.
    #[must_use]
    pub fn queue(self, len: usize, time: Duration) -> QueuedConcurrencyLimitLayer<K> {
        let queue = Some(QueueConfig { len, time });
        QueuedConcurrencyLimitLayer::new(self.configure(|config| config.queue = queue))
    }

    /// Sets whether a gRPC caller that is rejected gets RESOURCE_EXHAUSTED. Default: no, UNAVAILABLE, on which clients
    /// repeat the call with another instance.
    #[must_use]
    pub fn resource_exhausted(self, yes: bool) -> Self {
        self.configure(|config| config.is_exhausted = yes)
    }

    /// Sets the observer of rejections, queue times and changes of the limit, for metrics. Default: none.
    #[must_use]
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observer = Observer::new(observe);
        self.renewed()
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    fn adapt(self, change: impl FnOnce(&mut Adaptive)) -> Self {
        self.configure(|config| match &mut config.limit {
            Limit::Adaptive(adaptive) => change(adaptive),
            Limit::Fixed(_) => panic!("ConcurrencyLimitLayer: a fixed limit has no bounds"),
        })
    }

    /// Changes the settings, which must be valid.
    pub(crate) fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self.checked()
    }

    fn checked(self) -> Self {
        if let Err(error) = self.config.clone().checked() {
            panic!("ConcurrencyLimitLayer: {error}");
        }
        self.renewed()
    }

    pub(crate) fn map<T>(self, change: impl FnOnce(K) -> T) -> ConcurrencyLimitLayer<T> {
        let Self { kind, config, observer, .. } = self;
        ConcurrencyLimitLayer { kind: change(kind), config, observer, guard: Arc::default() }
    }

    /// Takes a new state.
    fn renewed(mut self) -> Self {
        self.guard = Arc::default();
        self
    }
}

impl<J, A> ConcurrencyLimitLayer<ByResult<J, A>> {
    /// Returns a rejected call as a boxed [`Overloaded`](crate::Overloaded) instead of a response, and boxes the errors
    /// of the service, as tower's layers do.
    ///
    /// Without the feature `http`, this form is the only one. A library that wraps other calls than HTTP says so in any
    /// case: another crate of the program may turn the feature on.
    #[must_use]
    pub fn as_error(self) -> ConcurrencyLimitLayer<ByResult<J, WithError>> {
        self.map(ByResult::form)
    }
}

impl<K: Clone> ConcurrencyLimitLayer<K> {
    /// Returns the layer with a handle that reads and changes its state. Call this last: a later setter creates another
    /// state.
    #[must_use]
    pub fn pair(self) -> (Self, Handle) {
        let handle = Handle::new(Arc::clone(&self.guard().shared));
        (self, handle)
    }

    pub(crate) fn guard(&self) -> &Arc<Guard<K>> {
        self.guard.get_or_init(|| {
            let shared = Shared::new(&self.config, &self.observer);
            Arc::new(Guard { kind: self.kind.clone(), is_enabled: self.config.enabled, shared })
        })
    }
}

impl<K: Clone> Clone for ConcurrencyLimitLayer<K> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            config: self.config.clone(),
            observer: self.observer.clone(),
            guard: Arc::clone(&self.guard),
        }
    }
}

impl<S, K: Clone> Layer<S> for ConcurrencyLimitLayer<K> {
    type Service = ConcurrencyLimit<S, K>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S, K> {
        ConcurrencyLimit::new(inner, Arc::clone(self.guard()))
    }
}
