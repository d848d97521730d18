//! Connections that can be refused and reset.

use std::{io, net::SocketAddr};

use battlement::client_ip::PeerAddr;
use http::Request;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::{
    body::Body,
    transport::server::{Connected, TcpIncoming},
};

use crate::{
    faults::Faults,
    reset::{Reset, Resettable},
};

/// The connection of a request.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    peer: Option<SocketAddr>,
    reset: Reset,
}

/// Accepts connections, but for those that a fault refuses.
pub(crate) fn accept(
    listener: TcpListener,
    faults: Faults,
) -> impl Stream<Item = io::Result<Resettable>> {
    // Sends small responses at once. Otherwise the first on a connection waits about 40 ms for the client to
    // acknowledge what was sent before it.
    let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
    connections.filter_map(move |stream| match (stream, faults.open()) {
        (Ok(stream), Some(opened)) => Some(Ok(Resettable::new(stream, opened))),
        (Ok(stream), None) => {
            Resettable::refuse(stream);
            None
        }
        (Err(error), _) => Some(Err(error)),
    })
}

impl Connected for Resettable {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        Connection { peer: self.stream.peer_addr().ok(), reset: self.reset.clone() }
    }
}

/// Adds the parts of the connection to a request, where the layers find them.
pub(crate) fn extend(mut request: Request<Body>) -> Request<Body> {
    let extensions = request.extensions_mut();
    if let Some(Connection { peer, reset }) = extensions.get::<Connection>().cloned() {
        extensions.insert(reset);
        if let Some(peer) = peer {
            extensions.insert(PeerAddr(peer));
        }
    }
    request
}
