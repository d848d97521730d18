//! The sockets that a server accepts from.

#[cfg(unix)]
mod env;
#[cfg(unix)]
mod fd;
mod reuse_port;
mod socket;
mod tcp;
#[cfg(unix)]
mod unix;

use std::{io, net::SocketAddr, sync::Arc};

#[cfg(unix)]
pub use self::env::Listeners;
pub(crate) use self::socket::ListenSocket;
use crate::transport::Acceptor;

/// A source of connections: one socket or several with one address.
///
/// It is made of an address, of a path, or of a socket of tokio or std. An error of a socket of std or of a descriptor
/// ends the server that is to accept from it.
#[derive(Debug)]
#[must_use]
pub struct Listener {
    pub(crate) sockets: io::Result<Vec<ListenSocket>>,
    pub(crate) name: Arc<str>,
    pub(crate) handed_over: bool,
    pub(crate) connections: Option<usize>,
    pub(crate) acceptor: Acceptor,
}

impl Listener {
    fn of(sockets: io::Result<Vec<ListenSocket>>) -> Self {
        Self {
            sockets,
            name: Arc::from("public"),
            handed_over: false,
            connections: None,
            acceptor: Acceptor::default(),
        }
    }

    /// Sets the name in metrics, reports and logs. Default: `public`.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Arc::from(name);
        self
    }

    /// Sets whether another process accepts from the same socket after this one, so that the connections in its queue
    /// are left to that process. Default: false, and true for sockets of [`Listeners`].
    pub const fn handed_over(mut self, enabled: bool) -> Self {
        self.handed_over = enabled;
        self
    }

    /// Sets a limit of connections of this listener, which then do not count in [`Limits::connections`]. An admin
    /// listener with a limit of its own answers while the public listener is full.
    ///
    /// [`Limits::connections`]: crate::Limits::connections
    pub const fn connections(mut self, count: usize) -> Self {
        self.connections = Some(count);
        self
    }

    /// Sets TLS for this listener.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &crate::tls::Tls) -> Self {
        self.acceptor.tls = Some(tls.clone());
        self
    }

    /// Returns the address of the first socket, if it is a TCP socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.sockets.as_ref().ok()?.first()?.local_addr()
    }
}
