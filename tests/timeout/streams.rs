//! Streams that outlive the deadline of their request and the limits of bodies.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    response::sse::{Event, Sse},
    routing::get,
};
use battlement::timeout::{BodyLimits, BodyTimeoutLayer, DeadlineLayer, TimeoutBody};
use battlement_testkit::{
    client::{Http1, Raw},
    echo::{EchoClient, EchoServer, Words},
    server::Server,
    upstream::{Behavior, Upstream},
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt as _, time::Instant};
use tonic::{
    body::Body,
    server::NamedService,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceBuilder, service_fn};

use crate::page::ms;

const EVENTS: u16 = 6;
const PAUSE: Duration = ms(100);
const DEADLINE: Duration = ms(200);

/// Returns the shortest deadline, which applies to bodies too.
fn deadline() -> DeadlineLayer {
    DeadlineLayer::new().default_limit(DEADLINE).bodies(true)
}

/// Returns limits of bodies that no event meets.
fn body_limits() -> BodyTimeoutLayer {
    let limits = BodyLimits::new().first_byte(ms(50)).idle(ms(50)).total(ms(100));
    BodyTimeoutLayer::new().response(limits)
}

/// Returns a stream of texts with a pause before each.
fn texts() -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    stream::unfold(0, async |sent| {
        tokio::time::sleep(PAUSE).await;
        (sent < EVENTS).then(|| (Ok(Bytes::from_static(b"tick")), sent + 1))
    })
}

async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    use futures_util::StreamExt as _;
    Sse::new(texts().map(|_| Ok(Event::default().data("tick"))))
}

async fn download() -> axum::body::Body {
    axum::body::Body::from_stream(texts())
}

/// Returns the text of a body and whether it has ended without an error.
async fn read(mut body: Incoming) -> (String, bool) {
    let mut text = Vec::new();
    loop {
        match body.frame().await {
            Some(Ok(frame)) => text.extend(frame.into_data().unwrap_or_default()),
            end => return (String::from_utf8(text).unwrap(), end.is_none()),
        }
    }
}

#[tokio::test]
async fn an_event_stream_outlives_the_deadline_that_ends_a_download() {
    let router = Router::new().route("/events", get(events)).route("/download", get(download));
    let server = Server::axum(router.layer(deadline())).await.unwrap();
    for (path, outlives) in [("/events", true), ("/download", false)] {
        let mut client = Http1::connect(server.addr()).await.unwrap();
        let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let (text, is_complete) = read(response.into_body()).await;
        let ticks = text.matches("tick").count();
        assert_eq!(is_complete, outlives, "{path}: {text}");
        assert_eq!(ticks == usize::from(EVENTS), outlives, "{path}: {text}");
    }
}

#[tokio::test]
async fn an_event_stream_outlives_the_limits_of_bodies() {
    let layers = ServiceBuilder::new().layer(deadline()).layer(body_limits());
    let router = Router::new().route("/events", get(events)).layer(layers);
    let server = Server::axum(router).await.unwrap();
    let text = Http1::connect(server.addr()).await.unwrap().get("/events").await.unwrap().text();
    assert_eq!(text.matches("tick").count(), usize::from(EVENTS), "{text}");
}

/// The handshake of RFC 6455, section 1.3.
const HANDSHAKE: &str = "GET / HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
     sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// A text frame, and the frame that closes.
const TICK: &[u8] = b"\x81\x04tick";
const CLOSE: &[u8] = b"\x88\x00";

/// Accepts a WebSocket, and sends a frame after each pause.
async fn ticker(
    mut request: Request<TimeoutBody<Incoming>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut socket = TokioIo::new(upgrade.await.unwrap());
        for _ in 0..EVENTS {
            tokio::time::sleep(PAUSE).await;
            socket.write_all(TICK).await.unwrap();
        }
        socket.write_all(CLOSE).await.unwrap();
        socket.shutdown().await.unwrap();
    });
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", ACCEPT);
    Ok(response.body(Empty::new()).unwrap())
}

#[tokio::test]
async fn a_websocket_outlives_the_deadline_and_the_limits_of_bodies() {
    let layers = ServiceBuilder::new().layer(deadline()).layer(body_limits());
    let server = Server::http1(layers.service(service_fn(ticker))).await.unwrap();
    let mut client = Raw::connect(server.addr()).await.unwrap();
    client.write(HANDSHAKE).await.unwrap();
    let head = String::from_utf8(client.read_until(b"\r\n\r\n").await.unwrap()).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let start = Instant::now();
    let frames = client.read_to_end().await.unwrap();
    assert_eq!(frames, [TICK.repeat(EVENTS.into()).as_slice(), CLOSE].concat());
    assert!(start.elapsed() > 2 * DEADLINE);
}

/// A tonic service that passes its calls on.
#[derive(Clone, Debug)]
struct Forward(Channel);

impl NamedService for Forward {
    const NAME: &'static str = EchoServer::NAME;
}

impl Service<Request<Body>> for Forward {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = tonic::codegen::BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx).map_err(|error| panic!("{error}"))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = self.0.call(request);
        Box::pin(async { Ok(call.await.unwrap()) })
    }
}

#[tokio::test]
async fn a_server_stream_outlives_its_deadline_and_the_limits_of_bodies() {
    let upstream = Upstream::start().await.unwrap();
    let channel = Endpoint::from_shared(upstream.url("")).unwrap().connect().await.unwrap();
    let router = tonic::transport::Server::builder()
        .layer(deadline())
        .layer(body_limits())
        .add_service(Forward(channel));
    let server = Server::tonic(router).await.unwrap();
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    let mut request = tonic::Request::new(Words::new("tick"));
    request.set_timeout(DEADLINE);
    let stream = Behavior::Stream { events: EVENTS, pause: PAUSE }.to_string();
    request.metadata_mut().insert(Behavior::HEADER, stream.parse().unwrap());
    let start = Instant::now();
    let mut answer = EchoClient::new(channel).repeat(request).await.unwrap().into_inner();
    for _ in 0..EVENTS {
        assert_eq!(answer.message().await.unwrap().unwrap().text, "tick");
    }
    assert!(answer.message().await.unwrap().is_none());
    assert!(start.elapsed() > 2 * DEADLINE);
}
