//! Panics after the first frame of a body: the caller has the head, and must see that the body is incomplete.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use battlement::{problem::ProblemLayer, request_id::RequestIdLayer};
use battlement_testkit::{
    client::{Http2, Raw},
    eventually,
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tower::{ServiceBuilder, service_fn};

/// A body of one frame, a pause in which it is sent, and a panic.
#[derive(Default)]
struct Broken {
    polls: usize,
}

impl Body for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.polls += 1;
        match self.polls {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"the first frame"))))),
            2 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => panic!("lost the second frame"),
        }
    }
}

type Bugs = Arc<Mutex<Vec<(String, String)>>>;

/// Returns a server whose bodies panic, and the ids and causes of the reported bugs.
async fn broken() -> (Server, Bugs) {
    let bugs = Bugs::default();
    let layer = ProblemLayer::new().on_bug({
        let bugs = Arc::clone(&bugs);
        move |bug| bugs.lock().unwrap().push((bug.request_id().unwrap().to_string(), bug.chain()))
    });
    let service =
        ServiceBuilder::new().layer(RequestIdLayer::new()).layer(layer).service(service_fn(
            |_: Request<Incoming>| async { Ok::<_, Infallible>(Response::new(Broken::default())) },
        ));
    let server = Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap();
    (server, bugs)
}

async fn is_reported(bugs: &Bugs, id: &str) {
    let reported = || {
        bugs.lock().unwrap().as_slice()
            == [(id.to_owned(), "panicked: lost the second frame".to_owned())]
    };
    assert!(eventually(Duration::from_secs(10), reported).await, "{:?}", bugs.lock().unwrap());
}

#[tokio::test]
async fn over_http1_the_last_chunk_is_missing() {
    let (server, bugs) = broken().await;
    let request = "GET / HTTP/1.1\r\nhost: shop\r\nx-request-id: broken-over-http1\r\n\r\n";
    let mut raw = Raw::connect(server.addr()).await.unwrap();
    raw.write(request).await.unwrap();
    let answer = String::from_utf8(raw.read_to_end().await.unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"));
    assert!(answer.ends_with("the first frame\r\n"), "{answer}");
    is_reported(&bugs, "broken-over-http1").await;
}

#[tokio::test]
async fn over_http2_the_stream_is_reset_and_the_connection_stays_open() {
    let (server, bugs) = broken().await;
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let request = || Request::get("/").header("x-request-id", "broken-over-http2");
    let response = client.send(request().body(Empty::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut read = Vec::new();
    let error = loop {
        match body.frame().await.expect("no end that looks whole") {
            Ok(frame) => read.extend(frame.into_data().unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(read, b"the first frame");
    assert!(!error.is_incomplete_message(), "the connection is there: {error}");
    is_reported(&bugs, "broken-over-http2").await;
    let again = client.send(request().body(Empty::new()).unwrap()).await.unwrap();
    assert_eq!(again.status(), 200);
}
