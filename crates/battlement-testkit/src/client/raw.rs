use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The maximum wait for the next bytes of a server.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection that sends and receives raw bytes, for input that well-behaved clients cannot send.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to `addr`.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is refused.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(addr).await.map(Self)
    }

    /// Sends `bytes` to `addr`, and returns everything that the server sends before it closes the connection.
    ///
    /// A server keeps the connection open after a valid request without `connection: close`.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails, or if no data arrives for ten seconds while it is open.
    pub async fn exchange(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> io::Result<Vec<u8>> {
        let mut raw = Self::connect(addr).await?;
        raw.write(bytes).await?;
        raw.read_to_end().await
    }

    /// Sends `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is closed.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Reads up to and including `end`, and nothing after it.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection ends first, or if no data arrives for ten seconds.
    pub async fn read_until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            read.push(timeout(DEADLINE, self.0.read_u8()).await??);
        }
        Ok(read)
    }

    /// Reads until the server closes the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails, or if no data arrives for ten seconds while it is open.
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while timeout(DEADLINE, self.0.read_buf(&mut read)).await?? > 0 {}
        Ok(read)
    }
}
