use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

use super::{BACKLOG, IdleSocket, ListenSocket, Listener, Source};

/// The path and mode of a Unix socket, before it is bound.
#[derive(Clone, Debug)]
#[must_use = "a path does nothing until it is bound"]
pub struct UnixPath {
    path: PathBuf,
    mode: Option<u32>,
}

impl Listener {
    /// Starts a Unix socket at `path`, which [`bind`](UnixPath::bind) binds.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_serve::Listener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("shop.sock");
    /// let listener = Listener::unix(path).mode(0o660).bind()?;
    /// # drop(listener);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unix(path: impl Into<PathBuf>) -> UnixPath {
        UnixPath { path: path.into(), mode: None }
    }
}

impl UnixPath {
    /// Sets the mode of the socket file, such as `0o660`: a client needs write permission. Default: determined by the
    /// umask of the process.
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Binds the socket.
    ///
    /// A socket at this path that refuses connections, left behind by an earlier process, is removed. The mode is set
    /// before the first connection can be made. The socket file remains when the server ends, so that clients are
    /// refused until the next process binds the path.
    ///
    /// # Errors
    ///
    /// Returns an error if the path is that of another file or of a socket in use, or cannot be bound.
    pub fn bind(self) -> io::Result<Listener> {
        remove_stale(&self.path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::unix(&self.path)?)?;
        if let Some(mode) = self.mode {
            // Connections are refused until the socket listens.
            fs::set_permissions(&self.path, fs::Permissions::from_mode(mode))?;
        }
        socket.listen(BACKLOG)?;
        let listener = std::os::unix::net::UnixListener::from(OwnedFd::from(socket));
        Ok(listener.into())
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::of([Source::Watched(ListenSocket::Unix(listener))])
    }
}

impl From<std::os::unix::net::UnixListener> for Listener {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        Self::idle([IdleSocket::Unix(listener)])
    }
}

/// Removes the file of a socket that no process listens on. Other files are left to the bind, which fails.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket && is_refused(path)? { fs::remove_file(path) } else { Ok(()) }
}

fn is_refused(path: &Path) -> io::Result<bool> {
    let client = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // The connect would otherwise wait while the queue of a busy server is full.
    client.set_nonblocking(true)?;
    let connected = client.connect(&SockAddr::unix(path)?);
    Ok(connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        (folder, path)
    }

    #[test]
    fn the_file_of_a_socket_has_the_mode() {
        let (_folder, path) = folder();
        for mode in [0o600, 0o660, 0o666] {
            let _listener = Listener::unix(&path).mode(mode).bind().unwrap();
            let file = fs::metadata(&path).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, mode);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn the_file_that_a_process_has_left_behind_is_replaced() {
        let (_folder, path) = folder();
        drop(Listener::unix(&path).bind().unwrap());
        assert!(path.exists());
        let _listener = Listener::unix(&path).bind().unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_socket_in_use_and_other_files_are_left_as_they_are() {
        let (_folder, path) = folder();
        let _listener = Listener::unix(&path).bind().unwrap();
        let error = Listener::unix(&path).bind().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();

        let file = path.with_extension("txt");
        fs::write(&file, "precious").unwrap();
        let error = Listener::unix(&file).bind().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    }
}
