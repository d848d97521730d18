//! Requests that do not end with their response: the connection idles from the moment when they are dropped.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_serve::{End, Limits, TimeoutKind};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};
use tower::Service;

use crate::{
    http2::Frame,
    served::{Event, Served, seconds},
};

const IDLE: TimeoutKind = TimeoutKind::Idle;

/// Builds limits without pings, which a peer of these tests does not answer while it waits.
fn limits() -> Limits {
    Limits::new().idle(seconds(75)).ping_interval(None)
}

#[tokio::test(start_paused = true)]
async fn a_reset_over_http2_drops_the_handler_and_the_connection_is_idle() {
    let served = Served::with(limits()).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/wait").await;
    sleep(seconds(100)).await;
    assert_eq!(served.seen.events(), [], "a request is in flight");
    peer.reset(1).await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(1)], 175));
    drop(peer);
    sleep(seconds(1)).await;
    assert_eq!(
        served.seen.events(),
        [Event::Dropped(None), Event::Timeout(IDLE), Event::Closed(End::Timeout(IDLE))]
    );
}

#[tokio::test(start_paused = true)]
async fn a_reset_over_http2_drops_the_response_body_and_the_connection_is_idle() {
    let served = Served::with(limits()).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/open").await;
    peer.response(1).await;
    sleep(seconds(100)).await;
    assert_eq!(served.seen.events(), [], "a response is in flight");
    peer.reset(1).await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(1)], 175));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_over_http1_drops_its_handler_only_without_half_close() {
    for half_close in [false, true] {
        let served = Served::with(limits().half_close(half_close)).await;
        let mut client = served.connect().await;
        client.write("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
        sleep(seconds(1)).await;
        assert_eq!(served.seen.events(), []);
        drop(client);
        sleep(seconds(1)).await;
        let expected: &[Event] =
            if half_close { &[] } else { &[Event::Closed(End::Error), Event::Dropped(None)] };
        assert_eq!(served.seen.events(), expected, "half_close: {half_close}");
    }
}

/// A service that is ready 5 s after the first poll of each clone, or fails then.
#[derive(Debug)]
struct Readying {
    fails: bool,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Readying {
    const fn new(fails: bool) -> Self {
        Self { fails, wait: None }
    }
}

impl Clone for Readying {
    fn clone(&self) -> Self {
        Self::new(self.fails)
    }
}

impl Service<Request<Incoming>> for Readying {
    type Response = Response<String>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Response<String>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(seconds(5))));
        ready!(wait.as_mut().poll(cx));
        Poll::Ready(if self.fails { Err(io::Error::other("never ready")) } else { Ok(()) })
    }

    fn call(&mut self, _: Request<Incoming>) -> Self::Future {
        assert!(self.wait.as_ref().is_some_and(|wait| wait.is_elapsed()), "called before ready");
        std::future::ready(Ok(Response::new("hello".into())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_until_the_service_is_ready() {
    let served = Served::on(limits(), |_| Readying::new(false)).await;
    let mut client = served.connect().await;
    client.get("/").await;
    assert_eq!(client.age(), 5);
    client.get("/").await;
    assert_eq!((client.age(), client.closed().await), (10, 85));

    let mut peer = served.http2(&[]).await;
    peer.request(1, "/").await;
    peer.response(1).await;
    assert_eq!(peer.client.age(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_reset_before_the_service_is_ready_is_over() {
    let served = Served::on(limits(), |_| Readying::new(false)).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/").await;
    sleep(seconds(3)).await;
    peer.reset(1).await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(1)], 78));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_to_become_ready_ends_its_request() {
    let served = Served::on(limits(), |_| Readying::new(true)).await;
    let mut client = served.connect().await;
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.closed().await, 5);
    assert_eq!(served.seen.events(), [Event::Closed(End::Error)]);

    // Over HTTP/2, the stream is reset, and the connection serves other requests.
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/").await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(1)], 80));
}
