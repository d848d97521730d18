use std::{error::Error, sync::Arc};

use battlement_core::{ConfigError, Phases};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::{
    Limits, Listener, NewConnection, Observe, ServerHandle, Serving, admit::Admit, config::Config,
    drain::CutOff, handle::Open, observe::Observer, report::Aborted, transport::Acceptor,
};

/// Serves `service` on `listener` with the default limits, as `axum::serve` does without them.
///
/// Equivalent to `Server::new(listener).serve(service)`.
pub fn serve<S, B>(listener: impl Into<Listener>, service: S) -> Serving
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    Server::new(listener).serve(service)
}

/// A server: listeners, limits, and the phases in which it ends.
///
/// # Example
///
/// ```
/// use battlement_serve::{Limits, Listener, Server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let app = tower::service_fn(async |_: http::Request<hyper::body::Incoming>| {
/// #     Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hello")))
/// # });
/// let public = Listener::tcp("127.0.0.1:0").await?;
/// let serving = Server::new(public).limits(Limits::new().requests(10_000)).serve(app);
/// # drop(serving);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Server {
    pub(crate) listeners: Vec<(Listener, Arc<Open>)>,
    pub(crate) limits: Limits,
    pub(crate) phases: Option<Phases>,
    pub(crate) observer: Observer,
    pub(crate) handle: ServerHandle,
    pub(crate) admit: Admit,
    pub(crate) acceptor: Acceptor,
}

impl Server {
    /// Creates a server that accepts from `listener`.
    pub fn new(listener: impl Into<Listener>) -> Self {
        let server = Self {
            listeners: Vec::new(),
            limits: Limits::new(),
            phases: None,
            observer: Observer::default(),
            handle: ServerHandle::default(),
            admit: Admit::default(),
            acceptor: Acceptor::default(),
        };
        server.listener(listener)
    }

    /// Adds a listener, which serves the same service.
    pub fn listener(mut self, listener: impl Into<Listener>) -> Self {
        let listener = listener.into();
        let open = self.handle.add(&listener.name);
        self.listeners.push((listener, open));
        self
    }

    /// Sets the limits. Default: [`Limits::new`].
    ///
    /// # Panics
    ///
    /// Panics if a limit is invalid; see [`try_limits`](Self::try_limits).
    pub fn limits(self, limits: Limits) -> Self {
        self.try_limits(limits).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sets the limits, or returns an error; see [`limits`](Self::limits).
    ///
    /// # Errors
    ///
    /// Returns an error that lists every invalid limit.
    pub fn try_limits(mut self, limits: Limits) -> Result<Self, ConfigError> {
        limits.check()?;
        self.limits = limits;
        Ok(self)
    }

    /// Sets the phases in which the server ends, as `shutdown.phases()` returns them. Without them, the server runs
    /// until it is dropped.
    pub fn phases(mut self, phases: Phases) -> Self {
        self.phases = Some(phases);
        self
    }

    /// Sets an observer, for metrics.
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observer = Observer(Arc::new(observe));
        self
    }

    /// Sets a function that decides whether to serve an accepted connection, before its first byte is read. A
    /// connection for which the function returns `false` is reset, and counts as
    /// [`Refusal::NotAdmitted`](crate::Refusal::NotAdmitted).
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_serve::Server;
    ///
    /// # fn of(server: Server, is_blocked: fn(std::net::IpAddr) -> bool) -> Server {
    /// server.admit(move |connection| {
    ///     connection.peer().addr().is_none_or(|addr| !is_blocked(addr.ip()))
    /// })
    /// # }
    /// ```
    pub fn admit(
        mut self,
        decide: impl Fn(&mut NewConnection<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.admit = Admit::new(decide);
        self
    }

    /// Sets TLS for every listener that has none of its own, also for those that are added later.
    ///
    /// To serve one listener without TLS, for example for probes, set [`Listener::tls`] on each of the others instead.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &Tls) -> Self {
        self.acceptor = Acceptor::of(tls);
        self
    }

    /// Returns a handle that reads the open connections.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves `service`, which is cloned for each connection.
    ///
    /// The future runs the accept loops. Dropping it aborts the connections.
    pub fn serve<S, B>(self, service: S) -> Serving
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let config = Arc::new(Config {
            limits: self.limits,
            cut_off: CutOff::new(self.phases.clone()),
            phases: self.phases,
            observer: self.observer,
            admit: self.admit,
            acceptor: self.acceptor,
            aborted: Aborted::default(),
        });
        config.observer.0.on_start(&self.handle);
        Serving::new(config, self.handle, self.listeners, service)
    }
}
