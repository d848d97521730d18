use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    time::Duration,
};

#[cfg(feature = "http")]
use battlement_core::Classify;
use battlement_core::WithError;
use tower_layer::Layer;

#[cfg(not(feature = "http"))]
use crate::ByError;
use crate::{
    ByResult, HalfOpen, Handle, Keyed, Observe, OpenFor, Trip, circuits::Circuits, config::Config,
    guard::Guard, observe::Observer, service::CircuitBreaker,
};
#[cfg(feature = "http")]
use crate::{Http, Key, http::Classifier};

/// The kind of calls of a layer unless another is chosen: those of HTTP and gRPC.
#[cfg(feature = "http")]
pub type DefaultKind = Http;
/// The kind of calls of a layer unless another is chosen: those of any service.
#[cfg(not(feature = "http"))]
pub type DefaultKind = ByResult<ByError, WithError>;

/// A layer that stops calling an upstream that fails, and probes it until it has recovered.
///
/// The breaker opens if half of at least 20 calls within 10 s fail, or 5 calls in a row while there are fewer. It then
/// rejects calls for 5 s, up to 60 s as it opens again and again, and closes when 2 of 3 probes succeed.
///
/// `K` is the kind of calls: `Http` of HTTP and gRPC, or [`ByResult`] of any service.
///
/// The layer and its services share the state, however often the layer is applied or cloned. A setter creates a state of
/// its own; call [`pair`](Self::pair) last.
#[derive(Debug)]
pub struct CircuitBreakerLayer<K = DefaultKind> {
    kind: K,
    name: Cow<'static, str>,
    config: Config,
    observer: Observer,
    /// Whether each key has a state, and whether keys may be logged.
    keys: Option<bool>,
    guard: Arc<OnceLock<Arc<Guard<K>>>>,
}

impl CircuitBreakerLayer {
    /// Creates a layer with one state for all calls, for one upstream. `name` is in logs.
    ///
    /// Around a client that calls many hosts, use `per_authority`: a host that is down must not stop the calls to the
    /// others.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self::of(name.into(), Config::default())
    }

    /// Creates a layer with these settings.
    pub(crate) fn of(name: Cow<'static, str>, config: Config) -> Self {
        #[cfg(feature = "http")]
        let kind = Http::new(Classifier::Auto, None);
        #[cfg(not(feature = "http"))]
        let kind = ByResult::new(ByError);
        Self {
            kind,
            name,
            config,
            observer: Observer::default(),
            keys: None,
            guard: Arc::default(),
        }
    }
}

#[cfg(feature = "http")]
impl CircuitBreakerLayer {
    /// Creates a layer with a state for each host and port that is called, for a client that calls many.
    #[must_use]
    pub fn per_authority() -> Self {
        Self::new("client").key(Key::authority())
    }
}

#[cfg(feature = "http")]
impl CircuitBreakerLayer {
    /// Returns errors as boxed ones, as tower's layers do, for an inner service with such errors. A call that is
    /// rejected returns a [`CircuitOpen`](crate::CircuitOpen) instead of a response.
    #[must_use]
    pub fn as_error(self) -> CircuitBreakerLayer<Http<WithError>> {
        self.map(Http::form)
    }
}

#[cfg(feature = "http")]
impl<A> CircuitBreakerLayer<Http<A>> {
    /// Sets the classifier of responses and errors. Default: [`Auto`](battlement_core::Auto), by the status of HTTP or
    /// gRPC.
    #[must_use]
    pub fn classify(self, classify: impl Classify + Send + Sync + 'static) -> Self {
        let classifier = Classifier::new(classify);
        self.map(|kind| Http::new(classifier, kind.key))
    }

    /// Sets the key of a request: each key has a state of its own. Default: all requests share one.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.keys = Some(key.is_public());
        self.map(|kind| Http::new(kind.classifier, Some(key)))
    }
}

impl<J, A> CircuitBreakerLayer<ByResult<J, A>> {
    /// Returns a rejected call as a boxed [`CircuitOpen`](crate::CircuitOpen) instead of a response, and boxes the
    /// errors of the service, as tower's layers do.
    ///
    /// Without the feature `http`, this form is the only one. A library that wraps other calls than HTTP says so in any
    /// case: another crate of the program may turn the feature on.
    #[must_use]
    pub fn as_error(self) -> CircuitBreakerLayer<ByResult<J, WithError>> {
        self.map(ByResult::form)
    }
}

impl<J, A, F> CircuitBreakerLayer<Keyed<ByResult<J, A>, F>> {
    /// Returns a rejected call as an error; see [`as_error`](CircuitBreakerLayer::as_error).
    #[must_use]
    pub fn as_error(self) -> CircuitBreakerLayer<Keyed<ByResult<J, WithError>, F>> {
        self.map(|kind| kind.map(ByResult::form))
    }
}

impl<K> CircuitBreakerLayer<K> {
    /// Judges the results of any service, such as a database query, by `judge`: a closure, or
    /// [`judge_error`](crate::judge_error).
    ///
    /// Call this before the setters of the key and the form.
    #[must_use]
    pub fn judge<J>(self, judge: J) -> CircuitBreakerLayer<ByResult<J>> {
        self.map(|_| ByResult::new(judge))
    }

    /// Sets the key of a request of any type: each key has a state of its own, and requests without a key share one.
    /// Keys are not logged. Default: all requests share one.
    #[must_use]
    pub fn key_by<Req, F>(mut self, key: F) -> CircuitBreakerLayer<Keyed<K, F>>
    where
        F: for<'a> Fn(&'a Req) -> Option<Cow<'a, str>>,
    {
        self.keys = Some(false);
        self.map(|kind| Keyed::new(kind, key))
    }

    /// Sets the name of the breaker in logs.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self.renewed()
    }

    /// Sets the conditions that open the breaker. Default: half of at least 20 calls within 10 s fail, or 5 calls in a
    /// row while there are fewer.
    ///
    /// # Panics
    ///
    /// If the conditions are invalid.
    #[must_use]
    pub fn trip(self, trip: impl Into<Trip>) -> Self {
        self.configure(|config| config.trip = trip.into())
    }

    /// Sets the time that the breaker stays open. Default: 5 s, doubling to 60 s, with equal jitter.
    ///
    /// # Panics
    ///
    /// If the time is zero, or its cap is shorter.
    #[must_use]
    pub fn open_for(self, open_for: OpenFor) -> Self {
        self.configure(|config| config.open_for = open_for)
    }

    /// Sets the trial after the open time; `None` closes the breaker without one. Default: 3 probes, of which 2 must
    /// succeed.
    ///
    /// # Panics
    ///
    /// If there are no probes, or more successes than probes.
    #[must_use]
    pub fn half_open(self, half_open: impl Into<Option<HalfOpen>>) -> Self {
        self.configure(|config| config.half_open = half_open.into())
    }

    /// Sets the time to the head of a response from which a call is slow. Default: 2 s.
    ///
    /// A call that is ready at its first poll has not waited, and is never slow.
    ///
    /// A call that is dropped after this time without a response head has failed.
    ///
    /// # Panics
    ///
    /// If the time is zero.
    #[must_use]
    pub fn slow_after(self, time: Duration) -> Self {
        self.configure(|config| config.slow_after = time)
    }

    /// Sets whether the breaker only counts and reports, and rejects no call. Default: no.
    #[must_use]
    pub fn shadow(self, is_shadow: bool) -> Self {
        self.configure(|config| config.shadow = is_shadow)
    }

    /// Sets the most keys with a state of their own; further ones share one. Default: 1,024.
    ///
    /// # Panics
    ///
    /// If `keys` is 0.
    #[must_use]
    pub fn max_keys(self, keys: usize) -> Self {
        self.configure(|config| config.max_keys = keys)
    }

    /// Sets the largest share of keys that are open at once, from 0 to 1. Default: 1, all of them.
    ///
    /// The share is computed with the key that is about to open. A key that would exceed it stays closed, and opens with
    /// a later failure, when another key has closed. With fewer than 4 keys, the share is not limited.
    ///
    /// # Panics
    ///
    /// If `share` is out of range.
    #[must_use]
    pub fn max_open(self, share: f64) -> Self {
        self.configure(|config| config.max_open = share)
    }

    /// Sets the observer of transitions, verdicts and rejections, for metrics. Default: none.
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

    /// Returns the settings.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the settings, which must be valid.
    pub(crate) fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        if let Err(error) = self.config.checked() {
            panic!("CircuitBreakerLayer: {error}");
        }
        self.renewed()
    }

    fn map<T>(self, change: impl FnOnce(K) -> T) -> CircuitBreakerLayer<T> {
        let Self { kind, name, config, observer, keys, .. } = self;
        CircuitBreakerLayer {
            kind: change(kind),
            name,
            config,
            observer,
            keys,
            guard: Arc::default(),
        }
    }

    /// Takes a new state.
    fn renewed(mut self) -> Self {
        self.guard = Arc::default();
        self
    }
}

impl<K: Clone> CircuitBreakerLayer<K> {
    /// Returns the layer with a handle that reads and changes its state. Call this last: a later setter creates another
    /// state.
    #[must_use]
    pub fn pair(self) -> (Self, Handle) {
        let handle = Handle::new(Arc::clone(self.guard().circuits()));
        (self, handle)
    }

    fn guard(&self) -> &Arc<Guard<K>> {
        self.guard.get_or_init(|| {
            let (name, observer) = (&*self.name, self.observer.clone());
            let circuits = Arc::new(Circuits::new(self.config, name, observer, self.keys));
            circuits.announce();
            Arc::new(Guard::new(self.kind.clone(), self.config.enabled, circuits))
        })
    }
}

impl<K: Clone> Clone for CircuitBreakerLayer<K> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            name: self.name.clone(),
            config: self.config,
            observer: self.observer.clone(),
            keys: self.keys,
            guard: Arc::clone(&self.guard),
        }
    }
}

impl<S, K: Clone> Layer<S> for CircuitBreakerLayer<K> {
    type Service = CircuitBreaker<S, K>;

    fn layer(&self, inner: S) -> CircuitBreaker<S, K> {
        CircuitBreaker::new(inner, Arc::clone(self.guard()))
    }
}
