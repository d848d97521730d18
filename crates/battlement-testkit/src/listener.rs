//! The listening sockets of the servers.

use std::{io, net::Ipv4Addr};

use tokio::net::{TcpListener, TcpSocket};

/// The connections that may wait to be accepted. A listener of tokio or std holds 128, and the kernel may reset a
/// connection beyond them.
const BACKLOG: u32 = 4_096;

/// Binds a free port of 127.0.0.1.
pub(crate) fn bind() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A server that is stopped can be started again on its port, which its former connections keep for a minute.
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}
