//! The task of one connection: it opens the protocol, and drives it under the time limits and the demands of a shutdown.

mod drive;
mod graceful;
mod open;

use std::{
    error::Error,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
};

use battlement_core::Peer;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use self::drive::Driver;
use crate::{
    End, Protocol, Refusal,
    counts::Permit,
    drain::Demands,
    executor::StreamExecutor,
    observe::Closed,
    protocol,
    request::RequestService,
    state::State,
    transport::{Acceptor, Socket},
};

/// A connection as the accept loop hands it over.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) socket: Socket,
    pub(crate) peer: Peer,
    pub(crate) opened: Opened,
    pub(crate) acceptor: Acceptor,
}

/// The entry of a connection in the counts, until its I/O is dropped.
#[derive(Debug)]
pub(crate) struct Opened {
    state: Arc<State>,
    _permit: Permit,
}

impl Opened {
    pub(crate) fn new(state: Arc<State>, permit: Permit) -> Self {
        state.open.count(None).fetch_add(1, Relaxed);
        state.config.observer.0.on_accepted(state.open.name());
        Self { state, _permit: permit }
    }

    pub(crate) const fn state(&self) -> &Arc<State> {
        &self.state
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let state = &self.state;
        state.open.count(state.protocol()).fetch_sub(1, Relaxed);
        let end = state.end().unwrap_or_else(unrecorded_end);
        if end == End::Aborted {
            state.config.aborted.count(state.protocol());
        }
        state.config.observer.0.on_closed(&Closed {
            listener: state.open.name(),
            protocol: state.protocol(),
            duration: state.accepted.elapsed(),
            requests: state.begun(),
            end,
        });
    }
}

/// Returns the end of a connection whose task was dropped, or has panicked with the service.
fn unrecorded_end() -> End {
    if thread::panicking() { End::Error } else { End::Aborted }
}

/// Serves a connection until it has ended.
pub(crate) async fn serve<S, B>(accepted: Accepted, service: S, demands: Demands)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let Accepted { socket, peer, opened, acceptor } = accepted;
    let state = Arc::clone(opened.state());
    let Some(extensions) = state.config.admit.decide(peer, &state) else {
        state.end_with(End::Refused(Refusal::NotAdmitted));
        return socket.reset_on_close();
    };
    let mut driver = Driver::new(&state, demands);
    let Some((io, protocol)) = driver.open(open::open(socket, opened, acceptor)).await else {
        return;
    };
    let (limits, io) = (&state.config.limits, TokioIo::new(io));
    let service = RequestService::new(service, peer, extensions, Arc::clone(&state));
    match protocol {
        Protocol::Http1 => {
            let connection = protocol::http1(limits).serve_connection(io, service);
            driver.drive(Box::pin(connection.with_upgrades())).await;
        }
        Protocol::Http2 => {
            let executor = StreamExecutor(Arc::clone(&state));
            let connection = protocol::http2(limits, executor).serve_connection(io, service);
            driver.drive(Box::pin(connection)).await;
        }
    }
}
