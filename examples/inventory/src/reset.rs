//! A connection that can be reset instead of answered, and that waits for its client at the end.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{faults::Opened, linger::Linger};

/// Resets the connection of a request. An extension of each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reset {
    is_requested: Arc<AtomicBool>,
    pub(crate) opened: Opened,
}

/// A connection. After [`Reset::request`], nothing more is sent on it, and its end is an RST: the client gets an error in
/// place of the answer, rather than the end of the stream.
pub(crate) struct Resettable {
    pub(crate) stream: TcpStream,
    pub(crate) reset: Reset,
    /// The wait for the client, once the connection is closed for writing.
    linger: Option<Linger>,
}

impl Reset {
    pub(crate) fn new(opened: Opened) -> Self {
        Self { is_requested: Arc::default(), opened }
    }

    /// Resets the connection as soon as the server writes to it. All requests on the connection fail, which are several
    /// with HTTP/2.
    pub(crate) fn request(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.is_requested.load(Ordering::Relaxed) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Resettable {
    pub(crate) fn new(stream: TcpStream, opened: Opened) -> Self {
        Self { stream, reset: Reset::new(opened), linger: None }
    }

    /// Resets the connection at once.
    pub(crate) fn refuse(stream: TcpStream) {
        Self::new(stream, Opened::default()).reset.request();
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.reset.check().is_err() {
            // With a linger of zero, the kernel sends RST in place of FIN. Fails only on a connection that has ended.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.reset.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.reset.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Ends the sending side, which would send FIN, only if the connection is not to be reset. Then waits for the client.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.reset.check()?;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        this.linger.get_or_insert_default().poll(&mut this.stream, cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        io::{Read, Write},
        net::Shutdown,
        time::Duration,
    };

    use tokio::{
        net::TcpListener,
        time::{Instant, timeout},
    };

    use super::*;

    /// Returns both ends of a connection, that of the client first.
    async fn connect() -> (std::net::TcpStream, Resettable, Reset) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Resettable::new(listener.accept().await.unwrap().0, Opened::default());
        let reset = stream.reset.clone();
        (client, stream, reset)
    }

    async fn shut_down(stream: &mut Resettable) -> io::Result<()> {
        poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await
    }

    fn read(mut client: std::net::TcpStream) -> io::Result<String> {
        let mut received = String::new();
        client.read_to_string(&mut received).map(|_| received)
    }

    async fn write(stream: &mut Resettable) -> [io::Result<usize>; 2] {
        let parts = [IoSlice::new(b"c"), IoSlice::new(b"d")];
        let first = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, b"ab")).await;
        [first, poll_fn(|cx| Pin::new(&mut *stream).poll_write_vectored(cx, &parts)).await]
    }

    #[tokio::test]
    async fn a_connection_that_is_not_reset_ends_as_usual() {
        let (client, mut stream, _reset) = connect().await;
        assert!(write(&mut stream).await.iter().all(|written| matches!(written, Ok(2))));
        client.shutdown(Shutdown::Write).unwrap();
        shut_down(&mut stream).await.unwrap();
        drop(stream);
        assert_eq!(read(client).unwrap(), "abcd");
    }

    #[tokio::test]
    async fn a_client_that_sends_while_it_reads_the_last_bytes_gets_all_of_them() {
        let (mut client, mut stream, _reset) = connect().await;
        assert!(write(&mut stream).await.iter().all(Result::is_ok));
        let moment = Duration::from_millis(1);
        assert!(timeout(moment, shut_down(&mut stream)).await.is_err(), "the client is open");
        client.write_all(b"a frame").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        shut_down(&mut stream).await.unwrap();
        // All that the client has sent was read, or else this would be a reset.
        drop(stream);
        assert_eq!(read(client).unwrap(), "abcd");
    }

    #[tokio::test]
    async fn a_client_that_stays_open_is_left_after_five_seconds() {
        let (_client, mut stream, _reset) = connect().await;
        tokio::time::pause();
        let start = Instant::now();
        shut_down(&mut stream).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test]
    async fn a_connection_that_is_refused_is_reset_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Resettable::refuse(listener.accept().await.unwrap().0);
        assert_eq!(read(client).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_connection_that_is_reset_sends_neither_bytes_nor_its_end() {
        let (client, mut stream, reset) = connect().await;
        reset.request();
        for written in write(&mut stream).await {
            assert_eq!(written.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        }
        assert_eq!(
            shut_down(&mut stream).await.unwrap_err().kind(),
            io::ErrorKind::ConnectionReset
        );
        drop(stream);
        assert_eq!(read(client).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
