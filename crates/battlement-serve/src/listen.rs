//! The sockets that a server accepts from.

#[cfg(unix)]
mod env;
#[cfg(unix)]
mod fd;
mod options;
mod socket;
mod tcp;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod variables;

use std::{io, net::SocketAddr, sync::Arc};

pub(crate) use self::socket::{IdleSocket, ListenSocket, Source};
#[cfg(all(fuzzing, unix))]
pub(crate) use self::variables::Variables;
#[cfg(unix)]
pub use self::{env::Listeners, unix::UnixPath};
use crate::{Limits, transport::Acceptor};

/// The length of the queue of connections that are not accepted yet, which Linux limits to `net.core.somaxconn`
/// (4,096). While the server is full, connections wait there.
const BACKLOG: i32 = 4_096;

/// A source of connections: one socket, or several with one address.
///
/// An address, a path, or a socket of tokio or std makes a listener. A socket of std is made non-blocking when the
/// server starts; if that fails, the server ends with the error.
#[derive(Debug)]
#[must_use]
pub struct Listener {
    pub(crate) sockets: Vec<Source>,
    pub(crate) name: Arc<str>,
    pub(crate) handed_over: bool,
    pub(crate) connections: Option<usize>,
    pub(crate) acceptor: Option<Acceptor>,
}

impl Listener {
    fn of(sockets: impl IntoIterator<Item = Source>) -> Self {
        Self {
            sockets: sockets.into_iter().collect(),
            name: Arc::from("public"),
            handed_over: false,
            connections: None,
            acceptor: None,
        }
    }

    fn idle(sockets: impl IntoIterator<Item = IdleSocket>) -> Self {
        Self::of(sockets.into_iter().map(Source::Idle))
    }

    /// Sets the name in metrics, reports and logs. Default: `public`.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Arc::from(name);
        self
    }

    /// Sets whether another process accepts from the same socket after this one, so that the connections in its queue
    /// are left to that process. Default: false, and true for sockets of [`Listeners`] and
    /// [`owned_fd`](Self::owned_fd).
    ///
    /// A socket that is not handed over is emptied before it is closed, since the system resets the connections in its
    /// queue. Emptying a socket that is handed over would take them from the next process.
    pub const fn handed_over(mut self, enabled: bool) -> Self {
        self.handed_over = enabled;
        self
    }

    /// Sets a limit of connections of this listener, which then do not count in [`Limits::connections`]. An admin
    /// listener with a limit of its own answers while the public listener is full.
    ///
    /// [`Limits::connections`]: crate::Limits::connections
    ///
    /// # Panics
    ///
    /// Panics if `count` is zero.
    pub const fn connections(mut self, count: usize) -> Self {
        assert!(count > 0, "`connections` of a listener must be at least 1");
        self.connections = Some(count);
        self
    }

    /// Sets TLS for this listener, in place of that of the [server](crate::Server::tls).
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &crate::tls::Tls) -> Self {
        self.acceptor = Some(Acceptor::of(tls));
        self
    }

    /// Returns the address of the first socket, if it is a TCP socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.sockets.first()?.local_addr()
    }

    /// Registers the sockets with the runtime of the current task, and sets the options of `limits`.
    ///
    /// # Errors
    ///
    /// Returns an error if a socket cannot be registered, or does not support an option.
    pub(crate) fn start(sockets: Vec<Source>, limits: &Limits) -> io::Result<Vec<ListenSocket>> {
        let start = |source: Source| {
            let socket = source.start()?;
            options::set(&socket, limits)?;
            Ok(socket)
        };
        sockets.into_iter().map(start).collect()
    }
}
