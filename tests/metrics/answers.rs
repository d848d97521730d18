//! Responses of every kind. The benchmark that compares other metrics layers includes this file.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower::BoxError;

pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// The time that the slow response takes after its head.
pub(crate) const SLOW: Duration = Duration::from_millis(60);

fn data() -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(b"four")))
}

/// Returns a body of three frames that ends with `last`.
fn frames(last: Option<Result<Frame<Bytes>, BoxError>>) -> Body {
    StreamBody::new(stream::iter([data(), data(), data()].into_iter().chain(last))).boxed_unsync()
}

fn slow() -> Body {
    let late = stream::once(async {
        tokio::time::sleep(SLOW).await;
        data()
    });
    StreamBody::new(stream::once(async { data() }).chain(late)).boxed_unsync()
}

fn stalled() -> Body {
    StreamBody::new(stream::once(async { data() }).chain(stream::pending())).boxed_unsync()
}

fn panicking() -> Body {
    let panics = stream::once(async { panic!("in the body") });
    StreamBody::new(stream::once(async { data() }).chain(panics)).boxed_unsync()
}

fn trailers() -> Result<Frame<Bytes>, BoxError> {
    let trailers = [(header::ETAG, HeaderValue::from_static("\"done\""))];
    Ok(Frame::trailers(HeaderMap::from_iter(trailers)))
}

fn body(path: &str) -> Body {
    match path {
        "/full" => Full::from("four").map_err(Into::into).boxed_unsync(),
        "/empty" => Empty::new().map_err(Into::into).boxed_unsync(),
        "/slow" => slow(),
        "/trailers" => frames(Some(trailers())),
        "/body-error" => frames(Some(Err("broken".into()))),
        "/body-panic" => panicking(),
        "/stalled" | "/events" => stalled(),
        _ => frames(None),
    }
}

fn answer(path: &str) -> Response<Body> {
    let mut response = Response::new(body(path));
    let mut set = |name, value| drop(response.headers_mut().insert(name, value));
    match path {
        "/declared" => set(header::CONTENT_LENGTH, 12.into()),
        "/trailers" => set(header::TRAILER, HeaderValue::from_static("etag")),
        "/events" => set(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        "/101" => {
            set(header::UPGRADE, HeaderValue::from_static("test"));
            set(header::CONNECTION, HeaderValue::from_static("upgrade"));
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        "/204" => *response.status_mut() = StatusCode::NO_CONTENT,
        "/304" => *response.status_mut() = StatusCode::NOT_MODIFIED,
        "/500" => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        _ => {}
    }
    response
}

/// Serves every kind of response, by path.
pub(crate) async fn serve(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/never" => future::pending().await,
        "/panic" => panic!("in the handler"),
        path => Ok(answer(path)),
    }
}
