//! The close of a connection, which the response before announces.

use std::convert::Infallible;

use battlement_core::Phase;
use battlement_serve::{Limits, Listener, Phases, Server};
use battlement_testkit::{
    client::{Http1, Http2, Raw},
    eventually,
};
use http::{Request, Response, header::CONNECTION};
use hyper::body::Incoming;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};
use tower::service_fn;

use crate::{DEADLINE, hello, start};

#[tokio::test]
async fn the_last_request_of_a_connection_announces_its_close_over_http1() {
    let addr = hello(Limits::new().requests(3)).await;
    let mut client = Http1::connect(addr).await.unwrap();
    for close in [None, None, Some("close")] {
        let answer = client.get("/").await.unwrap();
        assert_eq!((&*answer.text(), answer.header("connection")), ("hello", close));
    }
    assert!(eventually(DEADLINE, || client.is_closed()).await);
}

#[tokio::test]
async fn the_last_request_of_a_connection_is_answered_before_goaway_over_http2() {
    let addr = hello(Limits::new().requests(3)).await;
    let mut client = Http2::connect(addr).await.unwrap();
    let answers: Vec<_> = (0..3)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move { client.get("/").await.unwrap().status })
        })
        .collect();
    for answer in answers {
        assert_eq!(answer.await.unwrap(), 200);
    }
    assert!(eventually(DEADLINE, || client.is_closed()).await);
    assert!(client.get("/").await.is_err());
}

#[tokio::test]
async fn a_response_with_keep_alive_does_not_prolong_a_connection_at_its_last_request() {
    let addr = start(Limits::new().requests(2), service_fn(connection)).await;
    let mut client = Http1::connect(addr).await.unwrap();
    for value in ["keep-alive", "close"] {
        let answer = client.get("/connection/keep-alive").await.unwrap();
        assert_eq!(answer.header("connection"), Some(value));
    }
    assert!(eventually(DEADLINE, || client.is_closed()).await);
}

/// Answers with the `Connection` header of the path.
async fn connection(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let mut response = Response::new(String::new());
    if let Some(value) = request.uri().path().strip_prefix("/connection/") {
        response.headers_mut().insert(CONNECTION, value.parse().unwrap());
    }
    Ok(response)
}

/// More than the client's socket holds, and less than the server's.
const ANSWER: usize = 60_000;

#[tokio::test]
async fn a_client_whose_upload_is_answered_early_gets_the_whole_answer() {
    let rejects = async |_: Request<Incoming>| Ok(Response::new("a".repeat(ANSWER)));
    let addr = start(Limits::new(), service_fn(rejects)).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let (mut reader, mut writer) = socket.connect(addr).await.unwrap().into_split();
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000\r\n\r\n";
    let upload = [head.as_bytes(), &[b'x'; ANSWER]].concat();
    let mut answer = Vec::new();
    let (sent, read) = tokio::join!(writer.write_all(&upload), reader.read_to_end(&mut answer));
    assert!(answer.len() > ANSWER, "{sent:?}, {read:?} after {} bytes", answer.len());
}

#[tokio::test]
async fn a_draining_server_adds_close_once_to_the_options_of_a_response() {
    let (writer, phases) = Phases::new();
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::new(listener).phases(phases);
    tokio::spawn(server.serve(service_fn(connection)));
    let mut open = Http1::connect(addr).await.unwrap();
    assert_eq!(open.get("/").await.unwrap().header("connection"), None);
    writer.advance(Phase::Unready);
    for (path, value) in
        [("/", "close"), ("/connection/close", "close"), ("/connection/te", "te, close")]
    {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        let mut raw = Raw::connect(addr).await.unwrap();
        raw.write(request).await.unwrap();
        let head = String::from_utf8(raw.read_until(b"\r\n\r\n").await.unwrap()).unwrap();
        assert_eq!(head.matches("connection: ").count(), 1, "{head}");
        assert!(head.contains(&format!("connection: {value}\r\n")), "{head}");
    }
    assert_eq!(open.get("/").await.unwrap().header("connection"), Some("close"));
    assert!(eventually(DEADLINE, || open.is_closed()).await);
}
