//! Callers over WebSockets, which send a message and wait for its echo.

use std::{io, net::SocketAddr, time::Duration};

use battlement_testkit::load::Tally;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// The pause before the next message on a connection.
const THINK: Duration = Duration::from_millis(20);
/// The pause after a connection that could not be made.
const FAILURE_PAUSE: Duration = Duration::from_millis(5);
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const TEXT: &[u8] = b"hello";

/// Running callers, each with a connection of its own.
#[derive(Debug)]
pub(crate) struct Sockets {
    stop: watch::Sender<bool>,
    callers: JoinSet<Tally>,
}

/// A frame of the server (RFC 6455, section 5.2).
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    Text,
    Close,
}

impl Sockets {
    pub(crate) fn start(addr: SocketAddr, callers: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let callers = (0..callers).map(|_| call(addr, stopped.clone())).collect();
        Self { stop, callers }
    }

    /// Lets the callers finish, and returns the messages: answered by an echo, not processed if the server closed the
    /// connection in place of the echo, and lost if the connection broke off.
    pub(crate) async fn stop(self) -> Tally {
        self.stop.send_replace(true);
        self.callers.join_all().await.into_iter().fold(Tally::default(), |sum, tally| sum + tally)
    }
}

async fn call(addr: SocketAddr, stopped: watch::Receiver<bool>) -> Tally {
    let mut tally = Tally::default();
    while !*stopped.borrow() {
        let Ok(mut socket) = connect(addr).await else {
            tally.not_processed += 1;
            sleep(FAILURE_PAUSE).await;
            continue;
        };
        while !*stopped.borrow() {
            match exchange(&mut socket).await {
                Ok(Frame::Text) => tally.answered += 1,
                Ok(Frame::Close) => {
                    tally.not_processed += 1;
                    break;
                }
                Err(_) => {
                    tally.lost_reused += 1;
                    break;
                }
            }
            if is_closed_within(&mut socket, THINK).await {
                break;
            }
        }
    }
    tally
}

async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    let head = format!(
        "GET /echo HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await?);
    }
    let is_open = answer.starts_with(b"HTTP/1.1 101 ");
    is_open.then_some(stream).ok_or_else(|| io::Error::other("not upgraded"))
}

async fn exchange(socket: &mut TcpStream) -> io::Result<Frame> {
    let mut frame = vec![0x81, 0x80 | TEXT.len() as u8];
    // A mask of zeros leaves the text as it is.
    frame.extend([0; 4]);
    frame.extend(TEXT);
    socket.write_all(&frame).await?;
    read(socket).await
}

/// Pauses, and returns whether the server has closed the connection, as it does when it drains.
async fn is_closed_within(socket: &mut TcpStream, pause: Duration) -> bool {
    tokio::select! {
        frame = read(socket) => {
            assert!(matches!(frame, Ok(Frame::Close)), "a socket ended without a close: {frame:?}");
            true
        }
        () = sleep(pause) => false,
    }
}

async fn read(socket: &mut TcpStream) -> io::Result<Frame> {
    let (kind, length) = (socket.read_u8().await?, socket.read_u8().await?);
    let mut payload = vec![0; length.into()];
    socket.read_exact(&mut payload).await?;
    match kind {
        0x81 if payload == TEXT => Ok(Frame::Text),
        0x88 => Ok(Frame::Close),
        _ => Err(io::Error::other("unexpected frame")),
    }
}
