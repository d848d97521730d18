//! The run of a server: its accept loops, and its end.

use std::{
    error::Error,
    fmt, io,
    panic::resume_unwind,
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    task::{Context, Poll},
};

use battlement_core::DropReason;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::task::JoinSet;
use tower_service::Service;
use tracing::warn;

use crate::{
    Listener, Report, ServerHandle,
    accept::{AcceptLoop, Accepting},
    accept_log::AcceptLog,
    capacity,
    config::Config,
    connection::{self, Accepted},
    counts::Counts,
    drain::{Demands, Spread},
    executor::DropFor,
    handle::Open,
    listen::ListenSocket,
};

/// The future of a server. Dropping it aborts the connections.
#[must_use = "futures do nothing unless polled"]
pub struct Serving {
    run: Pin<Box<dyn Future<Output = io::Result<Report>> + Send>>,
    config: Arc<Config>,
    handle: ServerHandle,
    has_ended: bool,
}

impl Serving {
    pub(crate) fn new<S, B>(
        config: Arc<Config>,
        handle: ServerHandle,
        listeners: Vec<(Listener, Arc<Open>)>,
        service: S,
    ) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let (shared, spread) = (Arc::clone(&config), Arc::new(Spread::default()));
        let serve = move |accepted: Accepted| {
            let point = spread.point(shared.limits.drain_spread);
            let demands = Demands::new(shared.phases.clone(), point);
            let connection = connection::serve(accepted, service.clone(), demands);
            let cut_off = shared.cut_off.clone();
            DropFor::new(connection, move || cut_off.reason())
        };
        let run = Box::pin(run(Arc::clone(&config), listeners, serve));
        Self { run, config, handle, has_ended: false }
    }
}

impl Future for Serving {
    type Output = io::Result<Report>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = self.run.as_mut().poll(cx);
        self.has_ended |= poll.is_ready();
        poll
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.has_ended || DropReason::current() != Some(DropReason::Shutdown) {
            return;
        }
        // The tasks of the connections are dropped by the runtime.
        self.config.cut_off.set();
        warn_of(&Report::of_open(&self.handle));
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").finish_non_exhaustive()
    }
}

/// Accepts and serves connections until the shutdown has ended them.
async fn run<F, C>(
    config: Arc<Config>,
    listeners: Vec<(Listener, Arc<Open>)>,
    serve: F,
) -> io::Result<Report>
where
    F: Fn(Accepted) -> C + Clone + Send + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    let mut loops = JoinSet::new();
    // All loops are started before the first one accepts, so that an error of one leaves no connection behind.
    for (socket, accepting) in start(&config, listeners)? {
        loops.spawn(AcceptLoop::new(accepting, serve.clone()).run(socket));
    }
    let mut served = 0;
    while let Some(ended) = loops.join_next().await {
        match ended {
            Ok(count) => served += count,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
    let report = config.aborted.report(served);
    warn_of(&report);
    Ok(report)
}

/// Gives all sockets to the runtime, and counts their connections.
fn start(
    config: &Arc<Config>,
    listeners: Vec<(Listener, Arc<Open>)>,
) -> io::Result<Vec<(ListenSocket, Accepting)>> {
    let limits = &config.limits;
    let own = listeners.iter().filter_map(|(listener, _)| listener.connections).sum();
    let total = limits.connections.unwrap_or_else(|| capacity::derived(own));
    let shared = Arc::new(Counts::new(total, limits));
    let mut started = Vec::new();
    for (listener, open) in listeners {
        let Listener { sockets, acceptor, handed_over, connections, .. } = listener;
        let counts = connections
            .map_or_else(|| Arc::clone(&shared), |limit| Arc::new(Counts::new(limit, limits)));
        let acceptor = acceptor.unwrap_or_else(|| config.acceptor.clone());
        let log = Arc::new(AcceptLog::new());
        for socket in Listener::start(sockets, limits)? {
            let accepting = Accepting {
                config: Arc::clone(config),
                open: Arc::clone(&open),
                counts: Arc::clone(&counts),
                acceptor: acceptor.clone(),
                handed_over,
                log: Arc::clone(&log),
                is_full: AtomicBool::new(false),
            };
            started.push((socket, accepting));
        }
    }
    Ok(started)
}

/// Logs the connections that a shutdown has aborted.
fn warn_of(report: &Report) {
    let Report { aborted_http1, aborted_http2, aborted_unknown, .. } = report;
    if report.aborted() > 0 {
        warn!(aborted_http1, aborted_http2, aborted_unknown, "connections aborted by the shutdown");
    }
}
