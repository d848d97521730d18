use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::DEADLINE;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const CANCEL: [u8; 4] = 8_u32.to_be_bytes();

/// Encodes a frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes the header block of a GET request, without use of the dynamic table.
pub(super) fn get(path: &str) -> Vec<u8> {
    let literal = |name, value: &str| {
        [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat()
    };
    // `:method: GET` and `:scheme: http`, then `:path` and `:authority` with literal values.
    [vec![0x82, 0x86], literal(4, path), literal(1, "test")].concat()
}

/// Encodes a whole request without a body.
pub(super) fn request(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &get(path))
}

pub(super) fn cancel(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL)
}

/// A frame of the server.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A client that sends any frames.
pub(super) struct Peer {
    socket: TcpStream,
    /// The stream of the next request.
    next: u32,
}

impl Peer {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        let settings = [frame(SETTINGS, 0, 0, b""), frame(SETTINGS, 1, 0, b"")].concat();
        socket.write_all(PREFACE).await.unwrap();
        let mut peer = Self { socket, next: 1 };
        // The acknowledgement must not arrive before the settings of the server were sent.
        peer.read_frame().await.unwrap();
        peer.write(&settings).await;
        peer
    }

    /// Sends bytes. Whether the server has closed the connection shows when it is read.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes).await;
    }

    /// Returns the identifiers of this many new streams.
    pub(super) fn streams(&mut self, count: u32) -> impl Iterator<Item = u32> + Clone + use<> {
        let first = self.next;
        self.next += 2 * count;
        (first..self.next).step_by(2)
    }

    /// Sends requests for `path` on new streams, and waits until each is answered.
    pub(super) async fn is_answered(&mut self, count: u32, path: &str) {
        let streams = self.streams(count);
        self.write(&streams.clone().flat_map(|stream| request(stream, path)).collect::<Vec<_>>())
            .await;
        self.answers(streams).await;
    }

    /// Waits until each of these streams has the end of a response.
    pub(super) async fn answers(&mut self, streams: impl IntoIterator<Item = u32>) {
        let mut open: Vec<_> = streams.into_iter().collect();
        while !open.is_empty() {
            let frame = self.read_frame().await.expect("the connection must stay open");
            assert_ne!(frame.kind, GOAWAY, "{frame:?}");
            if matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0 {
                open.retain(|stream| *stream != frame.stream);
            }
        }
    }

    /// Returns all frames until the server closes the connection.
    pub(super) async fn read_to_end(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.read_frame().await {
            frames.push(frame);
        }
        frames
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        timeout(DEADLINE, self.socket.read_exact(&mut head))
            .await
            .expect("a frame is late")
            .ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.socket.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }
}
