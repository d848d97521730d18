use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use tokio::net::UnixListener;

use super::{ListenSocket, Listener};

impl Listener {
    /// Binds a Unix socket at `path`, and removes the file of a process that has ended.
    ///
    /// # Errors
    ///
    /// If the path cannot be bound, for example because another process accepts from it.
    pub async fn unix(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if tokio::net::UnixStream::connect(path)
            .await
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            fs::remove_file(path)?;
        }
        UnixListener::bind(path).map(Self::from)
    }

    /// Sets the mode of the file of a Unix socket, as `0o660`.
    ///
    /// # Errors
    ///
    /// If the listener is not a Unix socket with a path, or its mode cannot be changed.
    pub fn mode(self, mode: u32) -> io::Result<Self> {
        for socket in self.sockets.iter().flatten() {
            let ListenSocket::Unix(listener) = socket else {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a Unix socket"));
            };
            if let Some(path) = listener.local_addr()?.as_pathname() {
                fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
            }
        }
        Ok(self)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::of(Ok(vec![ListenSocket::Unix(listener)]))
    }
}

impl From<std::os::unix::net::UnixListener> for Listener {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        let listener =
            listener.set_nonblocking(true).and_then(|()| UnixListener::from_std(listener));
        Self::of(listener.map(|listener| vec![ListenSocket::Unix(listener)]))
    }
}
