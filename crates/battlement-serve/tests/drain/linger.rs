//! The end of an HTTP/2 connection whose client reads slowly, and sends frames while it reads.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use battlement_core::{Phase, Phases};
use battlement_serve::{Listener, Server};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::running::PATIENCE;

/// More than the client's socket holds, and less than the server's.
const RESPONSE: usize = 60_000;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
/// A SETTINGS frame with `SETTINGS_INITIAL_WINDOW_SIZE` of 1 MiB.
const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 16, 0, 0];
/// A HEADERS frame with `GET / http` and the authority `a`, on stream 1.
const GET: &[u8] = &[0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x01, 1, b'a'];
/// A WINDOW_UPDATE frame for the connection.
const WINDOW: &[u8] = &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A client with a small socket.
struct Client(TcpStream);

struct Frame {
    kind: u8,
    payload: Vec<u8>,
}

impl Client {
    async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let mut stream = socket.connect(addr).await?;
        stream.write_all(&[PREFACE, SETTINGS, GET].concat()).await?;
        Ok(Self(stream))
    }

    async fn next(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        for chunk in payload.chunks_mut(512) {
            self.0.read_exact(chunk).await?;
            // An error means that the server has closed the connection, which reading shows.
            let _ = self.0.write_all(WINDOW).await;
        }
        Ok(Frame { kind: head[3], payload })
    }

    /// Reads until a frame of this kind arrives, and returns its payload.
    async fn until(&mut self, kind: u8) -> io::Result<Vec<u8>> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Ok(frame.payload);
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_opens_its_window_while_it_reads_gets_the_end_of_its_last_response() {
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let (addr, (writer, phases)) = (listener.local_addr().unwrap(), Phases::new());
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let steps = (Arc::clone(&begun), Arc::clone(&go));
    let serving = Server::new(listener).phases(phases).serve(tower::service_fn(
        move |_: Request<Incoming>| {
            let (begun, go) = steps.clone();
            async move {
                begun.notify_one();
                go.notified().await;
                Ok::<_, Infallible>(Response::new("a".repeat(RESPONSE)))
            }
        },
    ));
    let serving = tokio::spawn(serving);
    let mut client = Client::connect(addr).await.unwrap();
    begun.notified().await;
    writer.advance(Phase::Unready);
    client.until(GOAWAY).await.unwrap();
    let ping = client.until(PING).await.unwrap();
    client.0.write_all(&[&[0, 0, 8, PING, 1, 0, 0, 0, 0], &ping[..]].concat()).await.unwrap();
    // The second GOAWAY: the connection ends with this response.
    client.until(GOAWAY).await.unwrap();
    go.notify_one();
    let mut read = 0;
    while read < RESPONSE {
        read += client.until(DATA).await.unwrap_or_else(|error| panic!("{read}: {error}")).len();
    }
    // The client, which has everything, keeps the connection.
    writer.advance(Phase::CutOff);
    let report = timeout(PATIENCE, serving).await.expect("the server ends").unwrap().unwrap();
    assert_eq!(report.aborted(), 0, "no request was cut off");
}
