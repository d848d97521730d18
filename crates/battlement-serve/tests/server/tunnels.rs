//! Connections that become tunnels, as those of WebSockets do.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use battlement_serve::{Closed, End, Limits, Listener, Observe, Server, ServerHandle};
use battlement_testkit::{
    client::{Http2, Raw},
    eventually,
};
use http::{
    Method, Request, Response, StatusCode,
    header::{CONNECTION, UPGRADE},
};
use http_body_util::Empty;
use hyper::{body::Incoming, ext::Protocol};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::timeout,
};
use tower::service_fn;

use crate::DEADLINE;

/// The ends of connections, in order.
#[derive(Clone, Debug, Default)]
struct Ends(Arc<Mutex<Vec<End>>>);

impl Observe for Ends {
    fn on_closed(&self, connection: &Closed<'_>) {
        self.0.lock().unwrap().push(connection.end);
    }
}

/// Opens a tunnel for CONNECT and for an upgrade, and answers other requests without a body.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let mut response = Response::new(String::new());
    if let Some(protocol) = request.headers().get(UPGRADE) {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(UPGRADE, protocol.clone());
        response.headers_mut().insert(CONNECTION, UPGRADE.into());
    } else if request.method() != Method::CONNECT {
        return Ok(response);
    }
    tokio::spawn(echo(request));
    Ok(response)
}

/// Returns the first bytes of a tunnel to their sender, and closes it.
async fn echo(request: Request<Incoming>) {
    let mut tunnel = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
    let mut bytes = [0; 4];
    tunnel.read_exact(&mut bytes).await.unwrap();
    tunnel.write_all(&bytes).await.unwrap();
}

async fn start() -> (SocketAddr, ServerHandle, Ends) {
    let (listener, ends) = (Listener::tcp("127.0.0.1:0").await.unwrap(), Ends::default());
    let addr = listener.local_addr().unwrap();
    let server = Server::new(listener).observe(ends.clone());
    let handle = server.handle();
    tokio::spawn(server.serve(service_fn(answer)));
    (addr, handle, ends)
}

#[tokio::test]
async fn a_connection_with_a_tunnel_over_http1_is_counted_to_its_end() {
    let upgrade = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let connect = "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n";
    for request in [upgrade, connect] {
        let (addr, handle, ends) = start().await;
        let mut client = Raw::connect(addr).await.unwrap();
        client.write(request).await.unwrap();
        client.read_until(b"\r\n\r\n").await.unwrap();
        assert_eq!(handle.open(), 1);
        client.write("echo").await.unwrap();
        client.read_until(b"echo").await.unwrap();
        assert!(eventually(DEADLINE, || handle.open() == 0).await);
        assert_eq!(*ends.0.lock().unwrap(), [End::Upgraded], "{request}");
    }
}

/// Opens a tunnel, ends its sending side, and sends the first bytes that it receives to `received`.
async fn receive(
    request: Request<Incoming>,
    received: UnboundedSender<[u8; 4]>,
) -> Result<Response<String>, Infallible> {
    tokio::spawn(async move {
        let mut tunnel = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        tunnel.shutdown().await.unwrap();
        let mut bytes = [0; 4];
        tunnel.read_exact(&mut bytes).await.unwrap();
        received.send(bytes).unwrap();
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    Ok(response.header(UPGRADE, "echo").header(CONNECTION, UPGRADE).body(String::new()).unwrap())
}

#[tokio::test]
async fn a_tunnel_receives_after_it_has_ended_its_sending_side() {
    let (sender, mut received) = unbounded_channel();
    let service = service_fn(move |request| receive(request, sender.clone()));
    let mut client = Raw::connect(crate::start(Limits::new(), service).await).await.unwrap();
    let upgrade = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n";
    client.write(format!("{upgrade}content-length: 1\r\n\r\nx")).await.unwrap();
    client.read_to_end().await.unwrap();
    client.write("echo").await.unwrap();
    let bytes = timeout(DEADLINE, received.recv()).await.expect("the bytes were discarded");
    assert_eq!(bytes, Some(*b"echo"));
}

#[tokio::test]
async fn a_websocket_over_http2_is_a_tunnel() {
    let (addr, ..) = start().await;
    let mut client = Http2::connect(addr).await.unwrap();
    // The client sends no such request before it has read the settings of the server.
    client.get("/").await.unwrap();
    let mut request = Request::connect("/chat").body(Empty::<bytes::Bytes>::new()).unwrap();
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    tunnel.write_all(b"echo").await.unwrap();
    let mut bytes = [0; 4];
    tunnel.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"echo");
}
