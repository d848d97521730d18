use std::{pin::Pin, sync::Arc};

use super::{Connection, Node};
use crate::fault::{Fault, Redirect};

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The connections to all servers.
pub(crate) trait Link: Send + Sync {
    /// Returns the connection to the server of a slot, if it is open.
    fn open(&self, slot: u16) -> Option<Arc<Connection>>;

    /// Returns the connection to the server of a slot, once it is open.
    fn connection(&self, slot: u16) -> BoxFuture<'_, Result<Arc<Connection>, Fault>>;

    /// Discards the connection to the server of a slot, so that it is replaced.
    fn renew(&self, slot: u16);

    /// Notes that a slot was moved to another server.
    fn moved(&self, to: &Redirect) -> Result<(), Fault>;

    /// Returns the connection to a server that one command is redirected to.
    fn redirected(&self, to: &Redirect) -> BoxFuture<'_, Result<Arc<Connection>, Fault>>;

    /// Reads the assignment of slots to servers again.
    fn refresh(&self) -> BoxFuture<'_, Result<(), Fault>>;
}

/// The connection to a single server.
pub(crate) struct SingleServer(pub(crate) Arc<Node>);

impl Link for SingleServer {
    fn open(&self, _: u16) -> Option<Arc<Connection>> {
        self.0.open()
    }

    fn connection(&self, _: u16) -> BoxFuture<'_, Result<Arc<Connection>, Fault>> {
        Box::pin(self.0.connection())
    }

    fn renew(&self, _: u16) {
        self.0.renew();
    }

    fn moved(&self, _: &Redirect) -> Result<(), Fault> {
        Err(Fault::ClusterNode)
    }

    fn redirected(&self, _: &Redirect) -> BoxFuture<'_, Result<Arc<Connection>, Fault>> {
        Box::pin(async { Err(Fault::ClusterNode) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
}
