//! HTTP/2 clients that cancel requests, and that only send control frames.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    held::{PREFACE, SETTINGS},
    servers::Peer,
};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 11;

struct Frame {
    kind: u8,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// Returns a GET request for `/waits`, with its end.
fn request(stream: u32) -> Vec<u8> {
    // `:method: GET`, `:scheme: http`, and `:path` and `:authority` as literals.
    let head = [&[0x82, 0x86, 0x04, 6][..], b"/waits", &[0x01, 4], b"shop"].concat();
    frame(HEADERS, 0x5, stream, &head)
}

fn cancel(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

async fn connect(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
    stream
}

/// Reads the next frame; `None` at the end.
async fn read(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut payload).await.ok()?;
    Some(Frame { kind: head[3], payload })
}

/// Sends a PING, and returns the code of the GOAWAY that comes in place of its answer, if one does.
async fn goaway(stream: &mut TcpStream) -> Option<u8> {
    let _ = stream.write_all(&frame(PING, 0, 0, b"last one")).await;
    loop {
        match read(stream).await? {
            Frame { kind: GOAWAY, payload } => return Some(payload[7]),
            Frame { kind: PING, payload } if payload == *b"last one" => return None,
            Frame { .. } => {}
        }
    }
}

/// Sends requests whose deadline expires before the server has read them, and returns the code of its GOAWAY.
pub(crate) async fn after_cancels(peer: Peer, requests: u32) -> Option<u8> {
    let server = peer.start().await;
    let mut stream = connect(server.addr).await;
    let ids = (0..requests).map(|nth| 2 * nth + 1);
    let sent: Vec<u8> = ids.flat_map(|id| [request(id), cancel(id)]).flatten().collect();
    stream.write_all(&sent).await.unwrap();
    goaway(&mut stream).await
}

#[tokio::test]
async fn a_client_that_cancels_50_requests_at_once_loses_its_connection() {
    for peer in Peer::ALL {
        assert_eq!(after_cancels(peer, 10).await, None, "{peer:?}");
        assert_eq!(after_cancels(peer, 50).await, Some(ENHANCE_YOUR_CALM), "{peer:?}");
    }
}

/// Sends 100,000 PINGs, and returns whether each was answered.
pub(crate) async fn answers_pings(peer: Peer) -> bool {
    let server = peer.start().await;
    let mut stream = connect(server.addr).await;
    for _ in 0..100 {
        let pings = frame(PING, 0, 0, b"the next").repeat(1_000);
        if stream.write_all(&pings).await.is_err() || !is_answered(&mut stream).await {
            return false;
        }
    }
    true
}

/// Sends a PING, and returns whether it is answered.
async fn is_answered(stream: &mut TcpStream) -> bool {
    let _ = stream.write_all(&frame(PING, 0, 0, b"last one")).await;
    loop {
        match read(stream).await {
            Some(Frame { kind: PING, payload }) if payload == *b"last one" => return true,
            Some(Frame { kind: GOAWAY, .. }) | None => return false,
            Some(Frame { .. }) => {}
        }
    }
}

#[tokio::test]
async fn a_client_that_sends_only_pings_is_answered_forever() {
    for peer in Peer::ALL {
        assert!(answers_pings(peer).await, "{peer:?}");
    }
}
