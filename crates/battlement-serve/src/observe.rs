use std::{fmt, sync::Arc, time::Duration};

use crate::{AcceptErrorKind, End, Flood, Protocol, Refusal, ServerHandle, TimeoutKind};

/// An observer of a server's connections, for metrics.
///
/// Methods must return quickly and must not panic. `listener` is the [name](crate::Listener::name) of the listener.
pub trait Observe: Send + Sync {
    /// Observes the start of a server: its listeners and open connections can be read from now on.
    fn on_start(&self, server: &ServerHandle) {
        let _ = server;
    }

    /// Observes an accepted connection. For a connection that is refused because of [`Refusal::ClientLimit`], only
    /// [`on_refused`](Self::on_refused) is called.
    fn on_accepted(&self, listener: &str) {
        let _ = listener;
    }

    /// Observes a connection that was accepted and is not served.
    fn on_refused(&self, listener: &str, reason: Refusal) {
        let _ = (listener, reason);
    }

    /// Observes that a listener stops accepting, because the limit of connections is reached. The listener accepts
    /// again when a connection is closed, and stops again at the limit: a busy server that is full calls this often.
    fn on_full(&self, listener: &str) {
        let _ = listener;
    }

    /// Observes an error of `accept`.
    fn on_accept_error(&self, listener: &str, kind: AcceptErrorKind) {
        let _ = (listener, kind);
    }

    /// Observes that the protocol of a connection is known.
    fn on_opened(&self, listener: &str, protocol: Protocol) {
        let _ = (listener, protocol);
    }

    /// Observes a time limit that a connection has reached, each limit at most once: of a connection whose requests
    /// outlast the grace of its age, both the age and the grace.
    fn on_timeout(&self, listener: &str, kind: TimeoutKind) {
        let _ = (listener, kind);
    }

    /// Observes a flood, which ends its connection.
    fn on_flood(&self, listener: &str, kind: Flood) {
        let _ = (listener, kind);
    }

    /// Observes the end of an accepted connection.
    fn on_closed(&self, connection: &Closed<'_>) {
        let _ = connection;
    }
}

/// A connection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed<'a> {
    /// The name of the listener.
    pub listener: &'a str,
    /// The protocol, unless the connection ended before it was known.
    pub protocol: Option<Protocol>,
    /// The time since the connection was accepted.
    pub duration: Duration,
    /// The number of requests that it carried.
    pub requests: u64,
    /// The way in which it ended.
    pub end: End,
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn on_start(&self, server: &ServerHandle) {
        (**self).on_start(server);
    }

    fn on_accepted(&self, listener: &str) {
        (**self).on_accepted(listener);
    }

    fn on_refused(&self, listener: &str, reason: Refusal) {
        (**self).on_refused(listener, reason);
    }

    fn on_full(&self, listener: &str) {
        (**self).on_full(listener);
    }

    fn on_accept_error(&self, listener: &str, kind: AcceptErrorKind) {
        (**self).on_accept_error(listener, kind);
    }

    fn on_opened(&self, listener: &str, protocol: Protocol) {
        (**self).on_opened(listener, protocol);
    }

    fn on_timeout(&self, listener: &str, kind: TimeoutKind) {
        (**self).on_timeout(listener, kind);
    }

    fn on_flood(&self, listener: &str, kind: Flood) {
        (**self).on_flood(listener, kind);
    }

    fn on_closed(&self, connection: &Closed<'_>) {
        (**self).on_closed(connection);
    }
}

/// The observer of a server, which does nothing unless set.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<dyn Observe>);

struct Ignore;

impl Observe for Ignore {}

impl Default for Observer {
    fn default() -> Self {
        Self(Arc::new(Ignore))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
