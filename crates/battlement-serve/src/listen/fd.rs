use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixListener},
};

use socket2::{Domain, Socket, Type};

use super::{IdleSocket, Listener};

impl Listener {
    /// Takes over a listening socket that another process, or a crate for restarts such as ecdysis, hands over.
    ///
    /// The socket is made non-blocking, and is not inherited by programs that this process starts. As
    /// [`handed_over`](Self::handed_over) says, the connections in its queue are left to the next process; disable
    /// that if there is none.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor is not a listening TCP or Unix stream socket.
    pub fn owned_fd(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self::idle([idle(Socket::from(fd))?]).handed_over(true))
    }
}

/// Returns the socket if it can be accepted from.
pub(super) fn idle(socket: Socket) -> io::Result<IdleSocket> {
    let domain = socket.local_addr()?.domain();
    let is_stream = matches!(domain, Domain::IPV4 | Domain::IPV6 | Domain::UNIX)
        && socket.r#type()? == Type::STREAM;
    if !is_stream || !is_listening(&socket)? {
        let error = "file descriptor is not a listening TCP or Unix stream socket";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    }
    socket.set_cloexec(true)?;
    // Also set at the start: another process that shares the socket may change it until then.
    socket.set_nonblocking(true)?;
    Ok(if domain == Domain::UNIX {
        IdleSocket::Unix(UnixListener::from(OwnedFd::from(socket)))
    } else {
        IdleSocket::Tcp(socket.into())
    })
}

/// Returns whether connections can be accepted; true where the system cannot tell.
#[allow(clippy::unnecessary_wraps, reason = "other systems have an error")]
fn is_listening(socket: &Socket) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return socket.is_listener();
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    {
        let _ = socket;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        net::{TcpListener, TcpStream, UdpSocket},
        os::unix::net::{UnixDatagram, UnixStream},
    };

    use rustix::{
        fs::{OFlags, fcntl_getfl},
        io::{FdFlags, fcntl_getfd, fcntl_setfd},
    };

    use super::*;
    use crate::listen::Source;

    #[test]
    fn a_blocking_descriptor_is_made_non_blocking_and_is_not_inherited() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let watch = listener.try_clone().unwrap();
        fcntl_setfd(&listener, FdFlags::empty()).unwrap();
        assert!(!fcntl_getfl(&watch).unwrap().contains(OFlags::NONBLOCK));
        let listener = Listener::owned_fd(listener.into()).unwrap();
        assert!(fcntl_getfl(&watch).unwrap().contains(OFlags::NONBLOCK));
        assert_eq!(listener.local_addr(), Some(addr));
        let [Source::Idle(IdleSocket::Tcp(socket))] = &listener.sockets[..] else {
            panic!("not a TCP socket")
        };
        assert!(fcntl_getfd(socket).unwrap().contains(FdFlags::CLOEXEC));
        assert!(listener.handed_over);
    }

    #[test]
    fn a_unix_socket_can_be_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let listener = Listener::owned_fd(listener.into()).unwrap();
        assert!(matches!(listener.sockets[..], [Source::Idle(IdleSocket::Unix(_))]));
    }

    #[test]
    fn a_descriptor_that_is_not_a_listening_stream_socket_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (pair, _other) = UnixStream::pair().unwrap();
        let (datagram, _other) = UnixDatagram::pair().unwrap();
        let descriptors: [OwnedFd; 5] = [
            File::open("/dev/null").unwrap().into(),
            UdpSocket::bind("127.0.0.1:0").unwrap().into(),
            datagram.into(),
            connection.into(),
            pair.into(),
        ];
        for fd in descriptors {
            let name = format!("{fd:?}");
            Listener::owned_fd(fd).expect_err(&name);
        }
    }
}
