use std::{io, sync::Arc};

use tracing::debug;

use crate::{
    End, Protocol,
    connection::Opened,
    io::GuardedIo,
    protocol::detect,
    resettable::Resettable,
    rewind::Prefix,
    transport::{Acceptor, Socket, Transport},
};

/// Opens a connection: the TLS handshake, if the listener has TLS, and the detection of the protocol. Returns `None` if
/// the connection has ended before.
pub(super) async fn open(
    socket: Socket,
    opened: Opened,
    acceptor: Acceptor,
) -> Option<(GuardedIo<Resettable>, Protocol)> {
    let state = opened.state();
    match negotiate(socket, &opened, acceptor).await {
        Ok(Some((transport, protocol, prefix))) => {
            state.detected(protocol);
            let transport = Resettable::new(transport, Arc::clone(state));
            Some((GuardedIo::new(transport, prefix, protocol, opened), protocol))
        }
        Ok(None) => {
            state.end_with(End::Complete);
            None
        }
        Err(error) => {
            debug!(%error, "connection failed before its first request");
            state.end_with(End::Error);
            None
        }
    }
}

async fn negotiate(
    socket: Socket,
    opened: &Opened,
    acceptor: Acceptor,
) -> io::Result<Option<(Transport, Protocol, Prefix)>> {
    let (mut transport, negotiated) = acceptor.accept(socket, opened.state()).await?;
    if let Some(protocol) = negotiated {
        return Ok(Some((transport, protocol, Prefix::default())));
    }
    let detected = detect(&mut transport).await?;
    Ok(detected.map(|(protocol, prefix)| (transport, protocol, prefix)))
}
