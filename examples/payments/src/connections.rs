//! The server: its limits, and the faults that connections meet by command.

use battlement::serve::Server;
use tokio::net::TcpListener;

use crate::{faults::Faults, reset::Reset};

/// Creates a server with the default limits. Faults refuse its connections, or reset them.
pub(crate) fn server(listener: TcpListener, faults: Faults) -> Server {
    Server::new(listener).admit(move |connection| {
        let Some(opened) = faults.open() else { return false };
        let reset = Reset::of(connection, opened);
        connection.extensions_mut().insert(reset);
        true
    })
}
