use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use http::HeaderName;
use tower_layer::Layer;

use crate::{
    AccessLog, Levels, Observe, Query, Sample, Server, Skip, Writer, config::Config,
    observe::Observer, sink::Sink,
};

/// A layer that writes one record per request, when the request is over. See the crate documentation.
///
/// The state of a record is one allocation per request. A request that no subscriber and no writer can record has none.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_access_log::{AccessLogLayer, Levels, Level, Skip};
///
/// let layer = AccessLogLayer::new()
///     .levels(Levels::new().client_error(Level::WARN))
///     .slow(Duration::from_millis(500))
///     .skip(Skip::paths(["/livez", "/readyz"]))
///     .headers(["user-agent"]);
/// ```
pub struct AccessLogLayer<K = Server> {
    config: Arc<Config>,
    side: PhantomData<fn() -> K>,
}

impl AccessLogLayer {
    /// Creates a layer of a server, whose records are [`tracing`] events with the target `battlement::access`.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Config::default())
    }

    /// Writes a line when a request is received as well, with the level of a request that succeeds. Default: no. The
    /// line is subject to the same [`Skip`] and the same [`Sample`] as the record.
    #[must_use]
    pub fn received(self, yes: bool) -> Self {
        self.configure(|config| config.received = yes)
    }
}

impl<K> AccessLogLayer<K> {
    pub(crate) fn of(config: Config) -> Self {
        Self { config: Arc::new(config), side: PhantomData }
    }

    /// Writes records as lines of `writer`, in place of events.
    #[must_use]
    pub fn writer(self, writer: Writer) -> Self {
        self.configure(|config| config.sink = Sink::Writer(writer))
    }

    /// Waits until the lines in the queue of the layer's writer are written; see [`Writer::flush`]. Events have no queue.
    ///
    /// For a writer that the settings of a file describe, which no other code has.
    pub fn flush(&self) {
        if let Sink::Writer(writer) = &self.config.sink {
            writer.flush();
        }
    }

    /// Sets the treatment of the query of a request's target. Default: [`Query::Drop`], since queries hold secrets.
    #[must_use]
    pub fn query(self, query: Query) -> Self {
        self.configure(|config| config.query = query)
    }

    /// Sets the headers of the request that are recorded. Default: none.
    ///
    /// # Panics
    ///
    /// If a name is not a header name, or is never logged: `authorization`, `cookie`, `set-cookie`,
    /// `proxy-authorization`, `x-api-key`, and the names of [`never`](Self::never).
    #[must_use]
    pub fn headers<N>(self, names: impl IntoIterator<Item = N>) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Debug>,
    {
        self.checked(|config| config.headers = names_of("headers", names))
    }

    /// Adds headers that are never logged, so that [`headers`](Self::headers) rejects them.
    ///
    /// # Panics
    ///
    /// If a name is not a header name, or is one of [`headers`](Self::headers).
    #[must_use]
    pub fn never<N>(self, names: impl IntoIterator<Item = N>) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Debug>,
    {
        self.checked(|config| config.never.extend(names_of("never", names)))
    }

    /// Sets the duration from which a request is slow, and is never sampled out. Default: 1 s.
    #[must_use]
    pub fn slow(self, duration: Duration) -> Self {
        self.configure(|config| config.slow = duration)
    }

    /// Sets the share of requests that are recorded. Default: [`Sample::ALL`].
    #[must_use]
    pub fn sample(self, sample: Sample) -> Self {
        self.configure(|config| config.sample = sample)
    }

    /// Sets the filter of requests that are not recorded while they succeed. Default: none.
    ///
    /// # Panics
    ///
    /// If a path does not start with `/` or contains a query, or if [`Skip::below`] is not from 100 to 600.
    #[must_use]
    pub fn skip(self, skip: Skip) -> Self {
        self.checked(|config| config.skip = skip)
    }

    /// Sets the level of a record by the outcome of its request. Default: [`Levels::new`].
    #[must_use]
    pub fn levels(self, levels: Levels) -> Self {
        self.configure(|config| config.levels = levels)
    }

    /// Sets the length in bytes to which each value that a client chooses is cut, at least 16. Default: 2048.
    ///
    /// # Panics
    ///
    /// If `bytes` is less than 16.
    #[must_use]
    pub fn longest_value(self, bytes: usize) -> Self {
        self.checked(|config| config.longest = bytes)
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

    fn checked(self, change: impl FnOnce(&mut Config)) -> Self {
        let changed = self.configure(change);
        if let Some(invalid) = changed.config.mistakes().first() {
            panic!("AccessLogLayer: {invalid}");
        }
        changed
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

fn names_of<N>(field: &str, names: impl IntoIterator<Item = N>) -> Vec<HeaderName>
where
    N: TryInto<HeaderName, Error: fmt::Debug>,
{
    let name = |name: N| match name.try_into() {
        Ok(name) => name,
        Err(error) => panic!("AccessLogLayer: `{field}` must be header names: {error:?}"),
    };
    names.into_iter().map(name).collect()
}

impl Default for AccessLogLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Clone for AccessLogLayer<K> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), side: PhantomData }
    }
}

impl<K> fmt::Debug for AccessLogLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogLayer").field("config", &self.config).finish()
    }
}

impl<S, K> Layer<S> for AccessLogLayer<K> {
    type Service = AccessLog<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessLog::new(inner, Arc::clone(&self.config))
    }
}
