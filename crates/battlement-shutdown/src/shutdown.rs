use std::{fmt, io, mem, sync::Arc, time::Duration};

use battlement_core::{ConfigError, Phases};

use crate::{
    Conclude, DrainLayer, DrainToken, Observe, PanicPolicy, Report, ShutdownHandle, Times, panics,
    run::{self, Followers},
    shared::Shared,
    supervisor,
};

/// The controller of a shutdown: it receives the signals, drives the phases, and exits the process in time.
///
/// Create it first in `main`: from then on SIGTERM, SIGINT and SIGQUIT (on Windows Ctrl-C, Ctrl-Break and the close of
/// the console) start the shutdown, also while the service still starts, and as process 1. A second signal exits the
/// process at once, and so does the end of the budget, even if every thread of the runtime is blocked.
///
/// # Example
///
/// ```no_run
/// use battlement_shutdown::{Phase, Shutdown};
///
/// # async fn serve(stop: impl Future<Output = ()>) -> std::io::Result<()> { stop.await; Ok(()) }
/// #[tokio::main]
/// async fn main() {
///     let shutdown = Shutdown::new();
///     let server = serve(shutdown.phases().reached(Phase::Stopping));
///     shutdown.run(server).await.exit()
/// }
/// ```
#[must_use = "signals have no effect until `run`"]
pub struct Shutdown {
    shared: Arc<Shared>,
    followers: Followers,
    /// Whether a thread receives signals and exits the process.
    supervised: bool,
}

impl Shutdown {
    /// Installs the handlers of signals, and creates a controller with the default [`Times`].
    ///
    /// # Panics
    ///
    /// If the operating system refuses a handler or a thread.
    pub fn new() -> Self {
        Self::supervised(Times::new())
    }

    /// Installs the handlers of signals, and creates a controller with `times`.
    ///
    /// # Errors
    ///
    /// With every time that exceeds the budget.
    ///
    /// # Panics
    ///
    /// If the operating system refuses a handler or a thread.
    pub fn try_new(times: Times) -> Result<Self, ConfigError> {
        times.check().map(|()| Self::supervised(times))
    }

    /// Creates a controller without handlers of signals, which never exits the process.
    ///
    /// Tests use it, since they run several shutdowns in one process, and so do programs that handle signals themselves.
    pub fn without_signals() -> Self {
        Self::of(Arc::new(Shared::new(Times::new())), false)
    }

    fn supervised(times: Times) -> Self {
        let shared = Arc::new(Shared::new(times));
        if let Err(error) = supervisor::start(&shared) {
            panic!("Shutdown: cannot handle signals: {error}");
        }
        Self::of(shared, true)
    }

    fn of(shared: Arc<Shared>, supervised: bool) -> Self {
        Self { shared, followers: Followers::default(), supervised }
    }

    /// Sets how long the process is unready and still accepts connections. Default: 5 s in Kubernetes, else zero.
    ///
    /// # Panics
    ///
    /// If the times exceed the budget.
    pub fn delay(self, delay: Duration) -> Self {
        self.times(|times| times.delay(delay))
    }

    /// Sets how long fresh and idle connections may still send a request after accepting has ended. Default: 500 ms.
    ///
    /// # Panics
    ///
    /// If the times exceed the budget.
    pub fn linger(self, linger: Duration) -> Self {
        self.times(|times| times.linger(linger))
    }

    /// Sets how long requests in flight, guards and streams may take to end. Default: 15 s.
    ///
    /// # Panics
    ///
    /// If the times exceed the budget: set a longer [`budget`](Self::budget) first.
    pub fn drain(self, drain: Duration) -> Self {
        self.times(|times| times.drain(drain))
    }

    /// Sets how long all hooks together may take. Default: 5 s.
    ///
    /// # Panics
    ///
    /// If the times exceed the budget.
    pub fn hooks(self, hooks: Duration) -> Self {
        self.times(|times| times.hooks(hooks))
    }

    /// Sets the time of the whole shutdown, after which the process exits in any case. Default: 28 s.
    ///
    /// # Panics
    ///
    /// If the times exceed the budget.
    pub fn budget(self, budget: Duration) -> Self {
        self.times(|times| times.budget(budget))
    }

    /// Sets whether streams that are cut off fail the shutdown as requests do. Default: no, since a service with event
    /// streams would otherwise be marked as failed at each deploy.
    pub fn strict(self, yes: bool) -> Self {
        self.shared.configure(|_, strict| *strict = yes);
        self
    }

    /// Spawns the server of probes and metrics, which ends last: after the hooks.
    ///
    /// A graceful one waits for [`Phase::Done`](crate::Phase::Done). Others are aborted 100 ms after that phase. If it
    /// ends by itself, the shutdown is triggered.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn admin<S>(mut self, server: S) -> Self
    where
        S: IntoFuture<Output: Conclude, IntoFuture: Send + 'static>,
    {
        self.followers.admin.spawn(&self.shared, server.into_future());
        self
    }

    /// Spawns the server of probes and metrics as [`admin`](Self::admin) does, on a thread and a runtime of its own, so
    /// that it answers while handlers block every thread of the service.
    ///
    /// `server` is called on that runtime, which has one thread. Register the listener there: the runtime of the service
    /// would not wake the server while it is blocked. [`Handle::current`](tokio::runtime::Handle::current) in `server` is
    /// the wrong runtime for metrics and for tasks of the service, so take that handle before. A server that ends
    /// early, fails or panics triggers the shutdown, also if `server` itself panics.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the thread or its runtime.
    ///
    /// # Example
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// use battlement_shutdown::{Phase, Shutdown};
    ///
    /// # fn example(shutdown: Shutdown, app: axum::Router) -> std::io::Result<Shutdown> {
    /// let listener = TcpListener::bind("127.0.0.1:9090")?;
    /// listener.set_nonblocking(true)?;
    /// let done = shutdown.phases().reached(Phase::Done);
    /// shutdown.admin_thread(|| async {
    ///     let listener = tokio::net::TcpListener::from_std(listener)?;
    ///     axum::serve(listener, app).with_graceful_shutdown(done).await
    /// })
    /// # }
    /// ```
    pub fn admin_thread<F, S>(mut self, server: F) -> io::Result<Self>
    where
        F: FnOnce() -> S + Send + 'static,
        S: IntoFuture<Output: Conclude>,
    {
        self.followers.admin.spawn_thread(&self.shared, server)?;
        Ok(self)
    }

    /// Notifies systemd of the start and the end of the service, and of its life in between. Default: no.
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self, systemd: crate::Systemd) -> Self {
        self.followers.manager.systemd = Some(systemd);
        self
    }

    /// Installs a panic hook that logs each panic with the id of its request, and counts it. Default: none, since the
    /// hook belongs to the whole process.
    ///
    /// A panic that a battlement layer catches is left to that layer, in whatever order the hooks were installed. The
    /// hook that is installed now still runs, after this one.
    pub fn panics(self, policy: PanicPolicy) -> Self {
        panics::install(Arc::clone(&self.shared), policy);
        self
    }

    /// Sets the observer, for metrics. Default: none.
    ///
    /// # Panics
    ///
    /// If an observer is set already.
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        observe.on_start(&self.shared.phases, &self.shared.in_flight);
        assert!(self.shared.observer.set(observe), "Shutdown: an observer is set already");
        self
    }

    /// Returns a handle, for tasks, threads, handlers and hooks.
    #[must_use]
    pub fn handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(Arc::clone(&self.shared))
    }

    /// Returns the layer that counts the requests in flight.
    #[must_use]
    pub fn layer(&self) -> DrainLayer {
        DrainLayer::new(Arc::clone(&self.shared))
    }

    /// Returns the phases, for readiness, servers and streams.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.shared.phases.clone()
    }

    /// Returns a token by which streams and background tasks see the drain.
    #[must_use]
    pub fn token(&self) -> DrainToken {
        self.handle().token()
    }

    /// Runs `server` until the process shuts down, then drives the phases, and returns the report, which it has logged.
    ///
    /// A server that ends by itself, with an error or a panic, triggers the shutdown too.
    pub async fn run<S>(mut self, server: S) -> Report
    where
        S: IntoFuture,
        S::Output: Conclude,
    {
        let followers = mem::take(&mut self.followers);
        run::run(&self.shared, server.into_future(), followers).await
    }

    fn times(self, change: impl FnOnce(Times) -> Times) -> Self {
        let times = change(self.shared.times());
        if let Err(error) = times.check() {
            panic!("Shutdown: {error}");
        }
        self.shared.configure(|current, _| *current = times);
        self
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Shutdown");
        debug.field("phase", &self.shared.phases.now()).field("supervised", &self.supervised);
        debug.finish_non_exhaustive()
    }
}
