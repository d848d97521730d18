use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};

use super::ListenSocket;
use crate::Limits;

/// The time between two probes of a silent peer.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);

/// Sets the options of the connections of a TCP socket, which inherit them: no system call is needed for each of them.
///
/// # Errors
///
/// Returns an error if the system does not support an option.
pub(super) fn set(socket: &ListenSocket, limits: &Limits) -> io::Result<()> {
    // A Unix socket has neither.
    let ListenSocket::Tcp(listener) = socket else { return Ok(()) };
    let socket = SockRef::from(listener);
    socket.set_tcp_nodelay(limits.nodelay)?;
    match limits.keepalive {
        Some(time) => {
            let keepalive = TcpKeepalive::new().with_time(time).with_interval(PROBE_INTERVAL);
            socket.set_tcp_keepalive(&keepalive)
        }
        None => socket.set_keepalive(false),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::future::poll_fn;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::transport::Socket;

    /// Returns whether an accepted connection has `TCP_NODELAY`, and the time of its keepalive.
    async fn accepted(limits: &Limits) -> (bool, Option<Duration>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let listener = ListenSocket::Tcp(listener);
        set(&listener, limits).unwrap();
        let _client = TcpStream::connect(addr).await.unwrap();
        let (Socket::Tcp(stream), _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap() else {
            panic!("the socket must be a TCP socket");
        };
        let socket = SockRef::from(&stream);
        let has_keepalive = socket.keepalive().unwrap();
        let time = has_keepalive.then(|| socket.tcp_keepalive_time().unwrap());
        (socket.tcp_nodelay().unwrap(), time)
    }

    #[tokio::test]
    async fn accepted_connections_have_the_options_of_the_listener() {
        let minute = Duration::from_secs(60);
        assert_eq!(accepted(&Limits::new()).await, (true, Some(minute)));
        let other = Limits::new().nodelay(false).keepalive(None);
        assert_eq!(accepted(&other).await, (false, None));
    }
}
