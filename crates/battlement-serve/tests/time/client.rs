use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::{Instant, timeout},
};

use crate::served::seconds;

/// A time that no limit of these tests reaches.
const NEVER: Duration = seconds(100_000);

/// A client that sends bytes as a test asks.
pub(crate) struct Client {
    pub(crate) stream: UnixStream,
    connected: Instant,
}

impl Client {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, connected: Instant::now() }
    }

    /// Returns the whole seconds since the connection was made.
    pub(crate) fn age(&self) -> u64 {
        self.connected.elapsed().as_secs()
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a request for `path`, and reads the response.
    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.write(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        self.response().await
    }

    /// Reads a response whose body is a word.
    pub(crate) async fn response(&mut self) -> String {
        let mut read = Vec::new();
        let whole = |read: &[u8]| {
            ["hello", "open", "early"].iter().any(|end| String::from_utf8_lossy(read).contains(end))
        };
        while !whole(&read) {
            assert!(self.stream.read_buf(&mut read).await.unwrap() > 0, "closed after {read:?}");
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads to the end, and returns after how many whole seconds the server has closed the connection.
    pub(crate) async fn closed(&mut self) -> u64 {
        let mut rest = Vec::new();
        // A server that drops unread bytes resets the connection.
        let _ = timeout(NEVER, self.stream.read_to_end(&mut rest))
            .await
            .expect("the connection stays open");
        self.age()
    }

    /// Sends `bytes` one by one, one a second, and returns after how many whole seconds the server has closed the
    /// connection.
    pub(crate) async fn drip(&mut self, bytes: impl AsRef<[u8]>) -> u64 {
        let mut answer = [0];
        for byte in bytes.as_ref() {
            if self.stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            if let Ok(read) = timeout(seconds(1), self.stream.read(&mut answer)).await {
                assert!(!matches!(read, Ok(1..)), "the server has answered");
                break;
            }
        }
        self.age()
    }
}
