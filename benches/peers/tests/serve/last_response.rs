//! The last response of a graceful shutdown over HTTP/2, to a client that opens its window while it reads.

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use axum::{Router, routing::get};
use battlement_core::{Phase, Phases};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, oneshot},
};
use tokio_stream::wrappers::TcpListenerStream;

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
struct Client {
    stream: TcpStream,
    /// Whether it sends a WINDOW_UPDATE after each read.
    opens_window: bool,
}

impl Client {
    async fn connect(addr: SocketAddr, opens_window: bool) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let mut stream = socket.connect(addr).await?;
        stream.write_all(&[PREFACE, SETTINGS, GET].concat()).await?;
        Ok(Self { stream, opens_window })
    }

    /// Returns the next frame's type and payload.
    async fn next(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        for chunk in payload.chunks_mut(512) {
            self.stream.read_exact(chunk).await?;
            if self.opens_window {
                // An error means that the server has closed the connection, which reading shows.
                let _ = self.stream.write_all(WINDOW).await;
            }
        }
        Ok((head[3], payload))
    }

    /// Reads until a frame of this type arrives, and returns its payload.
    async fn until(&mut self, wanted: u8) -> io::Result<Vec<u8>> {
        loop {
            let (kind, payload) = self.next().await?;
            if kind == wanted {
                return Ok(payload);
            }
        }
    }
}

/// Stops the server while a request waits, lets it answer, and returns whether the whole response arrives.
async fn arrives<F>(
    opens_window: bool,
    serve: impl FnOnce(TcpListener, Router, oneshot::Receiver<()>) -> F,
) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let steps = (Arc::clone(&begun), Arc::clone(&go));
    let handler = async move || {
        steps.0.notify_one();
        steps.1.notified().await;
        "a".repeat(RESPONSE)
    };
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(serve(listener, Router::new().route("/", get(handler)), stopped));
    let mut client = Client::connect(addr, opens_window).await.unwrap();
    begun.notified().await;
    stop.send(()).unwrap();
    client.until(GOAWAY).await.unwrap();
    let ping = client.until(PING).await.unwrap();
    client.stream.write_all(&[&[0, 0, 8, PING, 1, 0, 0, 0, 0], &ping[..]].concat()).await.unwrap();
    // The second GOAWAY: the connection ends with this response.
    client.until(GOAWAY).await.unwrap();
    go.notify_one();
    let mut read = 0;
    while read < RESPONSE {
        let Ok(data) = client.until(DATA).await else { break };
        read += data.len();
    }
    server.abort();
    read == RESPONSE
}

async fn axum(listener: TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    let stopped = async { stopped.await.unwrap() };
    axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
}

async fn tonic(listener: TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    let stopped = async { stopped.await.unwrap() };
    let incoming = TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_routes(app.into());
    server.serve_with_incoming_shutdown(incoming, stopped).await.unwrap();
}

async fn ours(listener: TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    let (writer, phases) = Phases::new();
    let server = battlement_serve::Server::new(listener).phases(phases).serve(app);
    let stop = async {
        stopped.await.unwrap();
        writer.advance(Phase::Unready);
        std::future::pending().await
    };
    tokio::select! {
        ended = server => drop(ended.unwrap()),
        () = stop => {}
    }
}

#[tokio::test]
async fn axum_and_tonic_lose_the_end_of_the_last_response_if_the_client_opens_its_window() {
    for opens_window in [false, true] {
        assert_eq!(arrives(opens_window, axum).await, !opens_window, "axum, {opens_window}");
        assert_eq!(arrives(opens_window, tonic).await, !opens_window, "tonic, {opens_window}");
    }
}

#[tokio::test]
async fn ours_sends_the_whole_last_response() {
    for opens_window in [false, true] {
        assert!(arrives(opens_window, ours).await, "{opens_window}");
    }
}
