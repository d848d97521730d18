use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DropReason, dropping};
use tracing::debug;

use super::graceful::Graceful;
use crate::{
    End, Protocol, TimeoutKind,
    drain::{Demand, Demands},
    state::State,
    time::{Due, Timers},
};

/// Drives a connection under the time limits and the demands of a shutdown.
pub(super) struct Driver {
    state: Arc<State>,
    timers: Timers,
    demands: Demands,
}

/// Something that happened to a connection, or is to be done with it.
enum Event<T> {
    Ended(T),
    Demanded(Demand),
    Due(Due),
}

impl Driver {
    pub(super) fn new(state: &Arc<State>, demands: Demands) -> Self {
        Self { state: Arc::clone(state), timers: Timers::new(state), demands }
    }

    /// Waits until the protocol is known. A connection on which nothing was sent yet ends when the drain begins.
    pub(super) async fn open<T>(&mut self, open: impl Future<Output = Option<T>>) -> Option<T> {
        let mut open = pin!(open);
        loop {
            match poll_fn(|cx| self.poll(cx, open.as_mut())).await {
                Event::Ended(opened) => return opened,
                // Over HTTP/2, the connection has not been used: the drain closes it.
                Event::Demanded(Demand::AnnounceHttp1 | Demand::Announce) => {
                    self.state.announce_close();
                }
                // Only a connection that carries requests has this limit.
                Event::Due(Due::Announce(_)) => {}
                Event::Due(Due::Finish(kind) | Due::Cut(kind)) => {
                    self.state.end_with(End::Timeout(kind));
                    return None;
                }
                Event::Demanded(Demand::Finish | Demand::Abort) => {
                    self.state.end_with(End::Complete);
                    return None;
                }
            }
        }
    }

    /// Drives the connection until it has ended.
    pub(super) async fn drive<C: Graceful>(&mut self, mut connection: Pin<Box<C>>) {
        loop {
            match poll_fn(|cx| self.poll(cx, connection.as_mut())).await {
                Event::Ended(result) => {
                    if let Err(error) = &result {
                        debug!(error = error as &dyn std::error::Error, "connection ended early");
                    }
                    return self.state.end_with(match result {
                        Ok(()) => End::Complete,
                        // hyper limits nothing else: its timeout of heads is off.
                        Err(error) if error.is_timeout() => End::Timeout(TimeoutKind::Ping),
                        Err(_) => End::Error,
                    });
                }
                Event::Demanded(Demand::AnnounceHttp1) => self.state.announce_close(),
                Event::Demanded(Demand::Announce) => self.announce(connection.as_mut()),
                Event::Demanded(Demand::Finish) => self.finish(connection.as_mut()),
                Event::Demanded(Demand::Abort) => {
                    self.state.end_with(End::Aborted);
                    return dropping(DropReason::Shutdown, || drop(connection));
                }
                Event::Due(Due::Announce(kind)) => {
                    if let Some(kind) = kind {
                        self.state.reach(kind);
                    }
                    self.announce(connection.as_mut());
                }
                Event::Due(Due::Finish(kind)) => {
                    self.state.reach(kind);
                    self.finish(connection.as_mut());
                }
                Event::Due(Due::Cut(kind)) => {
                    self.state.end_with(End::Timeout(kind));
                    return dropping(DropReason::Timeout, || drop(connection));
                }
            }
        }
    }

    fn announce<C: Graceful>(&mut self, connection: Pin<&mut C>) {
        self.state.announce_close();
        if self.state.protocol() == Some(Protocol::Http2) {
            self.finish(connection);
        }
    }

    fn finish<C: Graceful>(&mut self, connection: Pin<&mut C>) {
        self.state.close_unused();
        connection.graceful_shutdown();
        if self.state.protocol() == Some(Protocol::Http2) {
            self.state.announce_close();
            self.timers.goaway();
        }
    }

    #[inline]
    fn poll<F: Future>(
        &mut self,
        cx: &mut Context<'_>,
        future: Pin<&mut F>,
    ) -> Poll<Event<F::Output>> {
        // First, so that the response to a request that arrives with the demand announces the close.
        if let Poll::Ready(demand) = self.demands.poll_next(cx) {
            return Poll::Ready(Event::Demanded(demand));
        }
        if let Poll::Ready(output) = future.poll(cx) {
            return Poll::Ready(Event::Ended(output));
        }
        self.timers.poll(cx, &self.state).map(Event::Due)
    }
}
