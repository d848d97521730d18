use std::{io, os::fd::OwnedFd};

use socket2::{Domain, Socket};

use super::Listener;

impl Listener {
    /// Takes a listening socket over, as another process or crate hands it over.
    ///
    /// # Errors
    ///
    /// If the descriptor is not a listening TCP or Unix socket.
    pub fn owned_fd(fd: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(fd);
        socket.set_cloexec(true)?;
        let is_unix = socket.local_addr()?.domain() == Domain::UNIX;
        if is_unix {
            Ok(Self::from(std::os::unix::net::UnixListener::from(OwnedFd::from(socket))))
        } else {
            Ok(Self::from(std::net::TcpListener::from(socket)))
        }
    }
}
