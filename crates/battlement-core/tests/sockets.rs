//! The end of a body under hyper, over real sockets: a body that was sent whole has completed, however hyper treats
//! it, and a body that was cut off has not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{EndBody, Ending, MethodKind};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    eventually,
    server::{Protocol, Server},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower::{BoxError, service_fn};

type Answer = UnsyncBoxBody<Bytes, BoxError>;
type Endings = Arc<Mutex<Vec<Ending>>>;

const DEADLINE: Duration = Duration::from_secs(10);

fn data() -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(b"four")))
}

/// Returns three frames, followed by `last`.
fn frames(last: Option<Result<Frame<Bytes>, BoxError>>) -> Answer {
    StreamBody::new(stream::iter([data(), data(), data()].into_iter().chain(last))).boxed_unsync()
}

/// Returns a frame, after which the body stalls forever.
fn stalled() -> Answer {
    StreamBody::new(stream::once(async { data() }).chain(stream::pending())).boxed_unsync()
}

fn trailers() -> Result<Frame<Bytes>, BoxError> {
    let trailers = [(header::ETAG, HeaderValue::from_static("\"done\""))];
    Ok(Frame::trailers(HeaderMap::from_iter(trailers)))
}

fn answer(path: &str) -> Response<Answer> {
    let mut response = Response::new(match path {
        "/full" => Full::from("four").map_err(Into::into).boxed_unsync(),
        "/empty" => Empty::new().map_err(Into::into).boxed_unsync(),
        "/trailers" => frames(Some(trailers())),
        "/error" => frames(Some(Err("broken".into()))),
        "/stalled" => stalled(),
        _ => frames(None),
    });
    match path {
        "/declared" => drop(response.headers_mut().insert(header::CONTENT_LENGTH, 12.into())),
        "/trailers" => {
            response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("etag"));
        }
        "/205" => *response.status_mut() = StatusCode::RESET_CONTENT,
        "/204" => *response.status_mut() = StatusCode::NO_CONTENT,
        "/304" => *response.status_mut() = StatusCode::NOT_MODIFIED,
        "/101" => {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("test"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        _ => {}
    }
    response
}

/// Starts a server that records how each body ended.
async fn server(protocol: Protocol) -> (Server, Endings) {
    let endings = Endings::default();
    let told = Arc::clone(&endings);
    let service = service_fn(move |request: Request<Incoming>| {
        let told = Arc::clone(&told);
        let on_end = move |ending: Ending, _: Option<&HeaderMap>| told.lock().unwrap().push(ending);
        let response =
            EndBody::wrap(MethodKind::of(request.method()), answer(request.uri().path()), on_end);
        async { Ok::<_, Infallible>(response) }
    });
    (Server::hyper(protocol, move |_| service.clone()).await.unwrap(), endings)
}

fn request(method: Method, path: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(path).header(header::TE, "trailers");
    request.body(Empty::new()).unwrap()
}

async fn told(endings: &Endings, expected: Ending, what: &str) {
    assert!(eventually(DEADLINE, || !endings.lock().unwrap().is_empty()).await, "{what}");
    assert_eq!(std::mem::take(&mut *endings.lock().unwrap()), [expected], "{what}");
}

const SENT_WHOLE: [(Method, &str, Ending); 10] = [
    (Method::GET, "/full", Ending::Complete),
    (Method::GET, "/empty", Ending::Complete),
    (Method::GET, "/stream", Ending::Complete),
    (Method::GET, "/declared", Ending::Complete),
    (Method::GET, "/trailers", Ending::Trailers),
    (Method::GET, "/204", Ending::Complete),
    (Method::GET, "/205", Ending::Complete),
    (Method::GET, "/304", Ending::Complete),
    (Method::HEAD, "/stream", Ending::Complete),
    (Method::HEAD, "/declared", Ending::Complete),
];

#[tokio::test]
async fn a_body_that_http1_sends_whole_has_completed() {
    let (server, endings) = server(Protocol::Http1).await;
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for (method, path, ending) in SENT_WHOLE {
        let what = format!("{method} {path}");
        let response = client.send(request(method, path)).await.unwrap();
        Collected::of(response).await.unwrap();
        told(&endings, ending, &what).await;
    }
}

#[tokio::test]
async fn a_body_that_http2_sends_whole_has_completed() {
    let (server, endings) = server(Protocol::Http2).await;
    let mut client = Http2::connect(server.addr()).await.unwrap();
    for (method, path, ending) in SENT_WHOLE {
        let what = format!("{method} {path}");
        let response = client.send(request(method.clone(), path)).await.unwrap();
        // A body that a handler gives to HEAD is sent by hyper, and refused by the client.
        assert!(Collected::of(response).await.is_ok() || method == Method::HEAD, "{what}");
        told(&endings, ending, &what).await;
    }
}

#[tokio::test]
async fn a_body_that_fails_has_ended_in_an_error() {
    let (server, endings) = server(Protocol::Auto).await;
    let mut http1 = Http1::connect(server.addr()).await.unwrap();
    assert!(http1.get("/error").await.is_err());
    told(&endings, Ending::Error, "HTTP/1").await;
    let mut http2 = Http2::connect(server.addr()).await.unwrap();
    assert!(http2.get("/error").await.is_err());
    told(&endings, Ending::Error, "HTTP/2").await;
}

#[tokio::test]
async fn a_client_that_goes_away_mid_body_leaves_it_dropped() {
    let (server, endings) = server(Protocol::Http1).await;
    let mut client = Raw::connect(server.addr()).await.unwrap();
    client.write("GET /stalled HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    client.read_until(b"four\r\n").await.unwrap();
    drop(client);
    told(&endings, Ending::Dropped, "HTTP/1").await;
}

#[tokio::test]
async fn a_stream_that_is_reset_leaves_its_body_dropped_and_the_connection_alone() {
    let (server, endings) = server(Protocol::Http2).await;
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let mut response = client.send(request(Method::GET, "/stalled")).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    told(&endings, Ending::Dropped, "HTTP/2").await;
    assert_eq!(client.get("/full").await.unwrap().body, "four");
    told(&endings, Ending::Complete, "after the reset").await;
}

#[tokio::test]
async fn a_response_that_hands_over_the_connection_has_completed_with_its_head() {
    let (server, endings) = server(Protocol::Http1).await;
    let mut client = Raw::connect(server.addr()).await.unwrap();
    let upgrade = "GET /101 HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n";
    client.write(upgrade).await.unwrap();
    client.read_until(b"\r\n\r\n").await.unwrap();
    told(&endings, Ending::Complete, "101").await;
}
