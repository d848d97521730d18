use std::{io, sync::Arc};

use crate::{
    Protocol,
    connection::Opened,
    io::GuardedIo,
    protocol::detect,
    resettable::Resettable,
    transport::{Acceptor, Socket},
};

/// Opens a connection: the TLS handshake, if the listener has TLS, and the detection of the protocol.
pub(super) async fn open(
    socket: Socket,
    opened: Opened,
    acceptor: Acceptor,
) -> io::Result<Option<(GuardedIo<Resettable>, Protocol)>> {
    let (transport, negotiated) = acceptor.accept(socket, opened.state()).await?;
    let mut io = GuardedIo::new(Resettable::new(transport, Arc::clone(opened.state())), opened);
    let protocol = match negotiated {
        Some(protocol) => Some(protocol),
        None => detect(&mut io).await?,
    };
    Ok(protocol.map(|protocol| {
        io.opened().state().detected(protocol);
        if protocol == Protocol::Http2 {
            io.count_frames();
        }
        (io, protocol)
    }))
}
