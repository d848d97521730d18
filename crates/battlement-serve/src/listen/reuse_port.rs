use std::{io, net::SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::Listener;

/// The length of the queue of connections that are not accepted yet, as tokio sets it.
const BACKLOG: i32 = 1_024;

impl Listener {
    /// Binds `loops` TCP sockets to one address (`SO_REUSEPORT`), each with an accept loop of its own.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound, or the system does not have the option.
    pub fn reuse_port(addr: SocketAddr, loops: usize) -> io::Result<Self> {
        let mut listener = Self::from(bind(addr)?);
        let addr = listener.local_addr().unwrap_or(addr);
        for _ in 1..loops {
            let next = Self::from(bind(addr)?).sockets?;
            if let Ok(sockets) = &mut listener.sockets {
                sockets.extend(next);
            }
        }
        Ok(listener)
    }
}

fn bind(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(all(
        unix,
        not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
    ))]
    socket.set_reuse_port(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
