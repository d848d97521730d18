//! Connections that a client keeps open without a request, or without reading.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::HOUR;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Empty SETTINGS, and the acknowledgement of the server's.
pub(crate) const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Held {
    /// Has sent nothing.
    Silent,
    /// Has sent a part of the head.
    HalfHead,
    /// Sends a header every five seconds, and never the end of the head.
    DrippedHead,
    /// Sends a byte of the body every five seconds.
    DrippedBody,
    /// Has sent the first half of the HTTP/2 preface.
    HalfPreface,
    /// Has sent the HTTP/2 preface, and no SETTINGS.
    Preface,
    /// Has finished the handshake of HTTP/2, and sends no request.
    Http2,
    /// Kept alive after a response.
    KeptAlive,
}

impl Held {
    const fn sent(self) -> &'static [u8] {
        match self {
            Self::Silent => b"",
            Self::HalfHead | Self::DrippedHead => b"GET / HTTP/1.1\r\nhost: shop.test\r\n",
            Self::DrippedBody => {
                b"GET /waits HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 1000000\r\n\r\n"
            }
            Self::HalfPreface => PREFACE.split_at(9).0,
            Self::Preface | Self::Http2 => PREFACE,
            Self::KeptAlive => GET,
        }
    }

    const fn dripped(self) -> Option<&'static [u8]> {
        match self {
            Self::DrippedHead => Some(b"x-more: 1\r\n"),
            Self::DrippedBody => Some(b"x"),
            _ => None,
        }
    }

    /// Returns the time after which a server closes the connection, if that is at most an hour. Time is paused.
    pub(crate) async fn closed_after(self, addr: SocketAddr) -> Option<Duration> {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(self.sent()).await.unwrap();
        if self == Self::Http2 {
            stream.write_all(SETTINGS).await.unwrap();
        }
        let start = Instant::now();
        let (mut reader, mut writer) = stream.into_split();
        let dripped = async {
            let Some(part) = self.dripped() else { return std::future::pending().await };
            while writer.write_all(part).await.is_ok() {
                sleep(Duration::from_secs(5)).await;
            }
        };
        let closed = async {
            let mut buffer = [0; 1024];
            while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        };
        let either = async {
            tokio::select! {
                () = closed => {}
                () = dripped => {}
            }
        };
        timeout(HOUR, either).await.ok().map(|()| start.elapsed())
    }
}
