//! Limits of amounts: heads, streams, windows and half-closed connections.

use std::sync::Arc;

use battlement_serve::Limits;
use battlement_testkit::client::Raw;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use tower::service_fn;

use crate::{hello, start};

/// Returns the status of the answer to a request with these header fields.
async fn status(limits: Limits, fields: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
    let answer = Raw::exchange(hello(limits).await, request).await.unwrap();
    String::from_utf8(answer).unwrap()[9..12].to_owned()
}

#[tokio::test]
async fn a_head_over_its_size_is_rejected() {
    let field = |len: usize| format!("x-long: {}\r\n", "a".repeat(len));
    assert_eq!(status(Limits::new(), &field(15_000)).await, "200");
    assert_eq!(status(Limits::new(), &field(17_000)).await, "431");
    assert_eq!(status(Limits::new().header_bytes(1_000), &field(900)).await, "200");
    assert_eq!(status(Limits::new().header_bytes(1_000), &field(1_000)).await, "431");
}

#[tokio::test]
async fn a_head_with_too_many_fields_is_rejected() {
    let fields = |count: usize| "x: y\r\n".repeat(count - 2);
    assert_eq!(status(Limits::new(), &fields(100)).await, "200");
    assert_eq!(status(Limits::new(), &fields(101)).await, "431");
    assert_eq!(status(Limits::new().header_count(10), &fields(10)).await, "200");
    assert_eq!(status(Limits::new().header_count(10), &fields(11)).await, "431");
}

/// Returns the settings that a server announces, and the connection window that it opens.
async fn announced(limits: Limits) -> (Vec<(u16, u32)>, u32) {
    let mut stream = TcpStream::connect(hello(limits).await).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let (mut settings, mut window) = (Vec::new(), 65_535);
    while settings.is_empty() || window == 65_535 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).await.unwrap();
        let value = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        match head[3] {
            4 if head[4] == 0 => {
                let entries = payload.chunks(6);
                settings = entries.map(|s| (u16::from(s[1]), value(&s[2..]))).collect();
            }
            8 => window += value(&payload),
            // The acknowledgement of our SETTINGS.
            4 => {}
            kind => panic!("frame {kind}"),
        }
    }
    (settings, window)
}

#[tokio::test]
async fn http2_announces_the_limits_of_streams_windows_and_heads_and_websockets() {
    let (settings, window) = announced(Limits::new()).await;
    for (setting, value) in [(3, 200), (4, 1 << 20), (6, 16 << 10), (8, 1)] {
        assert!(settings.contains(&(setting, value)), "{setting}: {settings:?}");
    }
    assert_eq!(window, 1 << 20);
    let limits = Limits::new().streams(7).stream_window(70_000).connection_window(200_000);
    let (settings, window) = announced(limits.header_bytes(9_000)).await;
    for (setting, value) in [(3, 7), (4, 70_000), (6, 9_000)] {
        assert!(settings.contains(&(setting, value)), "{setting}: {settings:?}");
    }
    assert_eq!(window, 200_000);
}

/// Sends a request with a body, closes the sending side, and returns the answer.
async fn half_closed(limits: Limits) -> String {
    let closed = Arc::new(Notify::new());
    let notified = Arc::clone(&closed);
    let service = service_fn(move |request: Request<Incoming>| {
        let closed = Arc::clone(&notified);
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            closed.notified().await;
            Ok(Response::new(format!("{} bytes", body.len())))
        }
    });
    let mut stream = TcpStream::connect(start(limits, service).await).await.unwrap();
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabcde";
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    // The runtime has one thread and polls its sockets every 61 turns: the server reads the end of the stream.
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
    closed.notify_one();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_client_that_has_closed_its_sending_side_gets_its_answer() {
    let answer = half_closed(Limits::new()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("5 bytes"), "{answer}");
    assert_eq!(half_closed(Limits::new().half_close(false)).await, "");
}
