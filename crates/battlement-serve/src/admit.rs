//! The application's decision about a connection, before its first byte is read.

use std::{fmt, sync::Arc};

use battlement_core::Peer;
use http::Extensions;

use crate::state::State;

/// A connection that was accepted and is not served yet, as passed to [`Server::admit`](crate::Server::admit).
#[derive(Debug)]
pub struct NewConnection<'a> {
    peer: Peer,
    state: &'a Arc<State>,
    extensions: Extensions,
}

impl NewConnection<'_> {
    /// Returns the peer.
    #[must_use]
    pub const fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns the name of the listener.
    #[must_use]
    pub fn listener(&self) -> &str {
        self.state.open.name()
    }

    /// Returns values that each request of the connection gets as extensions. They are cloned for each request.
    pub const fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// Returns a handle that resets the connection.
    #[must_use]
    pub fn reset(&self) -> ConnectionReset {
        ConnectionReset(Arc::clone(self.state))
    }
}

/// A handle that resets a connection instead of sending further bytes of a response. Clones reset the same connection.
#[derive(Clone)]
pub struct ConnectionReset(Arc<State>);

impl ConnectionReset {
    /// Ends the connection with an RST as soon as the server writes to it: nothing more is sent. All requests on the
    /// connection fail, of which HTTP/2 may have several.
    pub fn request(&self) {
        self.0.request_reset();
    }
}

impl fmt::Debug for ConnectionReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionReset").finish_non_exhaustive()
    }
}

/// The decision of the application, if it makes one.
#[derive(Clone, Default)]
pub(crate) struct Admit(Option<Arc<Decide>>);

type Decide = dyn Fn(&mut NewConnection<'_>) -> bool + Send + Sync;

impl Admit {
    pub(crate) fn new(
        decide: impl Fn(&mut NewConnection<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(decide)))
    }

    /// Returns the extensions of each request of the connection, or `None` if it is not served.
    pub(crate) fn decide(&self, peer: Peer, state: &Arc<State>) -> Option<Extensions> {
        let Some(decide) = &self.0 else { return Some(Extensions::new()) };
        let mut connection = NewConnection { peer, state, extensions: Extensions::new() };
        decide(&mut connection).then_some(connection.extensions)
    }
}

impl fmt::Debug for Admit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admit")
    }
}
