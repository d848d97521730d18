//! The run of a server: its accept loops, its connections, and its end.

use std::{
    error::Error,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DropReason, Phase};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::task::JoinSet;
use tower_service::Service;

use crate::{
    Listener, Report,
    accept::{Accepting, accept_loop},
    config::Config,
    connection,
    counts::Counts,
    drain::{CutOff, Demands},
    executor::DropFor,
    handle::Open,
};

/// The future of a server. Dropping it aborts the connections.
#[must_use = "futures do nothing unless polled"]
pub struct Serving {
    run: Pin<Box<dyn Future<Output = io::Result<Report>> + Send>>,
    cut_off: CutOff,
}

impl Serving {
    pub(crate) fn new<S, B>(
        config: Arc<Config>,
        listeners: Vec<(Listener, Arc<Open>)>,
        service: S,
    ) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let cut_off = config.cut_off.clone();
        Self { run: Box::pin(run(config, listeners, service)), cut_off }
    }
}

impl Future for Serving {
    type Output = io::Result<Report>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.run.as_mut().poll(cx)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if DropReason::current() == Some(DropReason::Shutdown) {
            self.cut_off.set();
        }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").finish_non_exhaustive()
    }
}

/// Accepts and serves connections until the shutdown has ended them.
async fn run<S, B>(
    config: Arc<Config>,
    listeners: Vec<(Listener, Arc<Open>)>,
    service: S,
) -> io::Result<Report>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let counts = Arc::new(Counts::new(&config.limits));
    let (sender, mut accepted) = tokio::sync::mpsc::channel(1);
    let mut loops = JoinSet::new();
    for (listener, open) in listeners {
        let Listener { sockets, acceptor, .. } = listener;
        for socket in sockets? {
            let config = Arc::clone(&config);
            let accepting = Accepting {
                config,
                open: Arc::clone(&open),
                counts: Arc::clone(&counts),
                acceptor: acceptor.clone(),
            };
            loops.spawn(accept_loop(socket, accepting, sender.clone()));
        }
    }
    drop(sender);
    let mut connections = JoinSet::new();
    let mut report = Report::default();
    let cut_off = wait(&config, Phase::CutOff);
    tokio::pin!(cut_off);
    loop {
        tokio::select! {
            next = accepted.recv(), if !accepted.is_closed() || !accepted.is_empty() => {
                let Some(next) = next else { continue };
                report.served += 1;
                let demands = Demands::new(config.phases.clone());
                let connection = connection::serve(next, service.clone(), demands);
                connections.spawn(DropFor::new(connection, config.cut_off.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = &mut cut_off => {
                config.cut_off.set();
                return Ok(report);
            }
            else => return Ok(report),
        }
    }
}

async fn wait(config: &Config, phase: Phase) {
    match &config.phases {
        Some(phases) => phases.reached(phase).await,
        None => std::future::pending().await,
    }
}
