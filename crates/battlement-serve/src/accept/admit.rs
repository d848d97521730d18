use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use battlement_core::{Peer, Phase};
use tokio::time::Instant;

use super::retry::Retry;
use crate::{
    AcceptErrorKind, End,
    accept_log::AcceptLog,
    config::Config,
    connection::{Accepted, Opened},
    counts::{Counts, Place},
    handle::Open,
    listen::ListenSocket,
    state::State,
    transport::{Acceptor, Socket},
};

/// The parts of an accept loop that do not depend on its socket and its service.
#[derive(Debug)]
pub(crate) struct Accepting {
    pub(crate) config: Arc<Config>,
    pub(crate) open: Arc<Open>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) acceptor: Acceptor,
    pub(crate) handed_over: bool,
    pub(crate) log: Arc<AcceptLog>,
    /// Whether the loop waits because the limit is reached.
    pub(crate) is_full: AtomicBool,
}

impl Accepting {
    /// Waits until the process has reached `phase`; without phases, forever.
    pub(super) fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + use<> {
        let reached = self.config.phases.as_ref().map(|phases| phases.reached(phase));
        async move {
            match reached {
                Some(reached) => reached.await,
                None => std::future::pending().await,
            }
        }
    }

    /// Accepts a connection while the limit allows one.
    pub(super) fn poll_accept(
        &self,
        socket: &ListenSocket,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Place, Socket, Peer)>> {
        let place = ready!(self.poll_place(cx));
        let accepted = socket.poll_accept(cx);
        accepted.map_ok(|(socket, peer)| (place, socket, peer))
    }

    /// Waits until the limit allows another connection, and reports the beginning of each wait.
    pub(super) fn poll_place(&self, cx: &mut Context<'_>) -> Poll<Place> {
        let place = self.counts.poll_place(cx);
        if self.is_full.swap(place.is_pending(), Relaxed) || place.is_ready() {
            return place;
        }
        let listener = self.open.name();
        self.config.observer.0.on_full(listener);
        self.log.full(listener);
        Poll::Pending
    }

    /// Counts a connection, and returns it unless its client has too many.
    pub(super) fn admit(&self, place: Place, socket: Socket, peer: Peer) -> Option<Accepted> {
        let (config, open) = (Arc::clone(&self.config), Arc::clone(&self.open));
        let state = Arc::new(State::new(config, open, Instant::now()));
        match place.admit(peer) {
            Ok(permit) => {
                let (opened, acceptor) = (Opened::new(state, permit), self.acceptor.clone());
                Some(Accepted { socket, peer, opened, acceptor })
            }
            Err(reason) => {
                state.end_with(End::Refused(reason));
                None
            }
        }
    }

    /// Counts an error, logs it, and postpones the next attempt unless the error is that of one connection.
    pub(super) fn failed(&self, error: &io::Error, retry: &mut Retry) {
        let kind = AcceptErrorKind::of(error);
        let listener = self.open.name();
        self.config.observer.0.on_accept_error(listener, kind);
        let wait = kind.needs_backoff().then(|| retry.failed());
        self.log.error(listener, kind, error, wait);
    }
}
