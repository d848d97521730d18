//! A client of HTTP/2 that sends frames as a test asks.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::{client::Client, served::seconds};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `SETTINGS_INITIAL_WINDOW_SIZE` of zero: no response body may be sent.
pub(crate) const NO_WINDOW: &[u8] = &[0, 4, 0, 0, 0, 0];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const END_HEADERS_AND_STREAM: u8 = 5;
/// The error code of a cancelled request.
const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// The highest stream id, which the first of two GOAWAY frames of a graceful end carries.
const ANY_STREAM: u32 = u32::MAX >> 1;

pub(crate) struct Http2 {
    pub(crate) client: Client,
    /// Whether PING frames are answered.
    pub(crate) answers: bool,
    read: Vec<u8>,
}

/// A frame that a test looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Headers(u32),
    Data(u32, usize),
    /// The first GOAWAY of a graceful end.
    Leaving,
    /// A GOAWAY with the last stream that is served.
    Goaway(u32),
}

impl Http2 {
    pub(crate) async fn open(mut client: Client, settings: &[u8]) -> Self {
        client.write(PREFACE).await;
        client.write(frame(SETTINGS, 0, 0, settings)).await;
        Self { client, answers: true, read: Vec::new() }
    }

    /// Sends a request for `path` on `stream`.
    pub(crate) async fn request(&mut self, stream: u32, path: &str) {
        // Indexed `:method: GET` and `:scheme: http`, and literals for `:path` and `:authority`.
        let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        block.extend_from_slice(path.as_bytes());
        block.extend_from_slice(&[0x01, 1, b'a']);
        self.client.write(frame(HEADERS, END_HEADERS_AND_STREAM, stream, &block)).await;
    }

    /// Opens a tunnel on `stream`.
    pub(crate) async fn tunnel(&mut self, stream: u32) {
        // Literals for `:method` and `:authority`.
        let block = [&[0x02, 7][..], b"CONNECT", &[0x01, 1, b'a']].concat();
        self.client.write(frame(HEADERS, END_HEADERS, stream, &block)).await;
    }

    /// Sends data in a tunnel.
    pub(crate) async fn data(&mut self, stream: u32, data: &[u8]) {
        self.client.write(frame(DATA, 0, stream, data)).await;
    }

    /// Sends the beginning of a header block on `stream`, without its end.
    pub(crate) async fn begin_head(&mut self, stream: u32) {
        self.client.write(frame(HEADERS, 0, stream, &[0x82])).await;
    }

    /// Cancels the request on `stream`.
    pub(crate) async fn reset(&mut self, stream: u32) {
        self.client.write(frame(RST_STREAM, 0, stream, &CANCEL)).await;
    }

    /// Opens the window of a connection or, for `stream` other than 0, of a stream.
    pub(crate) async fn window(&mut self, stream: u32, bytes: u32) {
        self.client.write(frame(8, 0, stream, &bytes.to_be_bytes())).await;
    }

    /// Reads the next frame that a test looks at; none at the end of the connection, or after some days.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            let head = self.take(9).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let payload = self.take(length).await?;
            match head[3] {
                DATA => return Some(Frame::Data(stream, length)),
                HEADERS => return Some(Frame::Headers(stream)),
                PING if head[4] != ACK && self.answers => {
                    // An error means that the server has closed the connection, which reading shows.
                    let _ = self.client.stream.write_all(&frame(PING, ACK, 0, &payload)).await;
                }
                GOAWAY => {
                    let last = u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]]);
                    return Some(if last == ANY_STREAM {
                        Frame::Leaving
                    } else {
                        Frame::Goaway(last)
                    });
                }
                _ => {}
            }
        }
    }

    /// Reads the response on `stream` to the end of the word in its body.
    pub(crate) async fn response(&mut self, stream: u32) {
        assert_eq!(self.next().await, Some(Frame::Headers(stream)));
        assert!(matches!(self.next().await, Some(Frame::Data(of, 4..)) if of == stream));
    }

    /// Reads to the end, and returns the frames, and after how many whole seconds the connection was closed.
    pub(crate) async fn closed(&mut self) -> (Vec<Frame>, u64) {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        (frames, self.client.age())
    }

    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.read.len() < count {
            let read = timeout(seconds(200_000), self.client.stream.read_buf(&mut self.read)).await;
            if !matches!(read, Ok(Ok(1..))) {
                return None;
            }
        }
        Some(self.read.drain(..count).collect())
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
