use std::{ffi::OsStr, io};

/// The longest time for which a full socket may block.
#[cfg(unix)]
const TIMEOUT: std::time::Duration = std::time::Duration::from_millis(100);

/// The datagram socket on which systemd receives the messages of a service.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    #[cfg(unix)]
    socket: std::sync::Arc<std::os::unix::net::UnixDatagram>,
}

#[cfg(unix)]
impl Socket {
    /// Connects to the socket of this name: a path, or `@` and an abstract name.
    pub(super) fn connect(name: &OsStr) -> io::Result<Self> {
        use std::os::unix::{ffi::OsStrExt as _, net::UnixDatagram};

        let socket = UnixDatagram::unbound()?;
        match name.as_bytes() {
            [b'/', ..] => socket.connect(name)?,
            [b'@', name @ ..] => socket.connect_addr(&abstract_name(name)?)?,
            _ => return Err(io::Error::new(io::ErrorKind::Unsupported, "is not a Unix socket")),
        }
        socket.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { socket: socket.into() })
    }

    pub(super) fn send(&self, message: &str) -> io::Result<()> {
        self.socket.send(message.as_bytes()).map(drop)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_name(name: &[u8]) -> io::Result<std::os::unix::net::SocketAddr> {
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt as _;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt as _;

    std::os::unix::net::SocketAddr::from_abstract_name(name)
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn abstract_name(_: &[u8]) -> io::Result<std::os::unix::net::SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract names need Linux"))
}

#[cfg(not(unix))]
impl Socket {
    pub(super) fn connect(_: &OsStr) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "systemd needs Unix"))
    }

    pub(super) fn send(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}
