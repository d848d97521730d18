use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long a server may take to say more.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection that sends and shows exact bytes: for input that no well-behaved client can send.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to `addr`.
    ///
    /// # Errors
    ///
    /// If nobody listens there.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(addr).await.map(Self)
    }

    /// Sends `bytes` to `addr`, and returns all that comes back until the server closes the connection.
    ///
    /// A server keeps a connection open after a good request, unless that says `connection: close`.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or stays open and silent for ten seconds.
    pub async fn exchange(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> io::Result<Vec<u8>> {
        let mut raw = Self::connect(addr).await?;
        raw.write(bytes).await?;
        raw.read_to_end().await
    }

    /// Sends `bytes`.
    ///
    /// # Errors
    ///
    /// If the connection is broken.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Reads up to and including `end`, and no further.
    ///
    /// # Errors
    ///
    /// If the connection ends first, or is silent for ten seconds.
    pub async fn read_until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            read.push(timeout(DEADLINE, self.0.read_u8()).await??);
        }
        Ok(read)
    }

    /// Reads all that comes until the server closes the connection.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or stays open and silent for ten seconds.
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while timeout(DEADLINE, self.0.read_buf(&mut read)).await?? > 0 {}
        Ok(read)
    }
}
