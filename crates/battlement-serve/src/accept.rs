//! The accept loop of one socket.

use std::sync::Arc;

use battlement_core::Phase;
use tokio::{sync::mpsc::Sender, time::Instant};
use tracing::warn;

use crate::{
    AcceptErrorKind, End,
    backoff::Backoff,
    config::Config,
    connection::{Accepted, Opened},
    counts::Counts,
    handle::Open,
    listen::ListenSocket,
    state::State,
    transport::Acceptor,
};

/// What the accept loops of one listener share.
#[derive(Debug)]
pub(crate) struct Accepting {
    pub(crate) config: Arc<Config>,
    pub(crate) open: Arc<Open>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) acceptor: Acceptor,
}

/// Accepts connections until the phase in which accepting ends, and closes the socket.
pub(crate) async fn accept_loop(
    socket: ListenSocket,
    accepting: Accepting,
    accepted: Sender<Accepted>,
) {
    let stopping = async {
        match &accepting.config.phases {
            Some(phases) => phases.reached(Phase::Stopping).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stopping => {}
        () = accept_all(&socket, &accepting, &accepted) => {}
    }
}

async fn accept_all(socket: &ListenSocket, accepting: &Accepting, accepted: &Sender<Accepted>) {
    let mut backoff = Backoff::default();
    while let Some(place) = accepting.counts.place().await {
        let (socket, peer) = match socket.accept(&accepting.config.limits).await {
            Ok(connection) => connection,
            Err(error) => {
                let kind = AcceptErrorKind::of(&error);
                accepting.config.observer.0.on_accept_error(accepting.open.name(), kind);
                if kind != AcceptErrorKind::Connection {
                    warn!(%error, "cannot accept a connection; retrying");
                    tokio::time::sleep(backoff.next()).await;
                }
                continue;
            }
        };
        backoff.reset();
        let (config, open) = (Arc::clone(&accepting.config), Arc::clone(&accepting.open));
        let state = Arc::new(State::new(config, open, Instant::now()));
        match accepting.counts.admit(place, peer) {
            Ok(permit) => {
                let opened = Opened::new(state, permit);
                let acceptor = accepting.acceptor.clone();
                if accepted.send(Accepted { socket, peer, opened, acceptor }).await.is_err() {
                    return;
                }
            }
            Err(reason) => state.end_with(End::Refused(reason)),
        }
    }
}
