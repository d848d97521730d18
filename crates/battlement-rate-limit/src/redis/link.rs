use std::{pin::Pin, sync::Arc};

use super::{
    connection::{Connection, Node},
    fault::{Fault, Redirect},
};

pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The connections to all servers.
pub(super) trait Link: Send + Sync {
    /// Returns the connection to the server of a slot, if it is open.
    fn open(&self, slot: u16) -> Option<Arc<Connection>>;

    /// Returns the connection to the server of a slot, once it is open.
    fn connection(&self, slot: u16) -> Boxed<'_, Result<Arc<Connection>, Fault>>;

    /// Gives up the connection to the server of a slot, so that another one is made.
    fn renew(&self, slot: u16);

    /// Notes that another server has the slot.
    fn moved(&self, to: &Redirect) -> Result<(), Fault>;

    /// Returns the connection to a server that is to be asked once in place of another one.
    fn redirected(&self, to: &Redirect) -> Boxed<'_, Result<Arc<Connection>, Fault>>;

    /// Finds out which server has which slot.
    fn refresh(&self) -> Boxed<'_, Result<(), Fault>>;
}

/// The connection to a single server.
pub(super) struct Single(pub(super) Arc<Node>);

impl Link for Single {
    fn open(&self, _: u16) -> Option<Arc<Connection>> {
        self.0.open()
    }

    fn connection(&self, _: u16) -> Boxed<'_, Result<Arc<Connection>, Fault>> {
        Box::pin(self.0.connection())
    }

    fn renew(&self, _: u16) {
        self.0.renew();
    }

    fn moved(&self, _: &Redirect) -> Result<(), Fault> {
        Err(Fault::ClusterNode)
    }

    fn redirected(&self, _: &Redirect) -> Boxed<'_, Result<Arc<Connection>, Fault>> {
        Box::pin(async { Err(Fault::ClusterNode) })
    }

    fn refresh(&self) -> Boxed<'_, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
}
