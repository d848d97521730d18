use std::{
    convert::Infallible,
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{Rejection, RejectionKind};
use battlement_timeout::{DeadlineLayer, Elapsed};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use tokio::time::{Instant, Sleep, advance, sleep};
use tower::{Layer, ServiceExt, service_fn};

use crate::served::{MS, get, grpc};

/// A body that sends a frame of data at each pace, forever.
struct Drip {
    pace: Duration,
    frame: Bytes,
    sleep: Pin<Box<Sleep>>,
}

impl Drip {
    fn new(pace: Duration, frame: impl Into<Bytes>) -> Self {
        Self { pace, frame: frame.into(), sleep: Box::pin(sleep(pace)) }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::ready!(self.sleep.as_mut().poll(cx));
        let next = Instant::now() + self.pace;
        self.sleep.as_mut().reset(next);
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }
}

/// A body whose next frame is always ready.
struct Ready;

impl Body for Ready {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

/// How a body ended, and when.
#[derive(Debug)]
struct End {
    after: Duration,
    data: usize,
    trailers: Option<HeaderMap>,
    error: Option<Box<dyn Error + Send + Sync>>,
}

/// Reads the body of a response that drips for at most two minutes.
async fn read(
    layer: &DeadlineLayer,
    request: Request<()>,
    content_type: &'static str,
    frame: &'static [u8],
) -> End {
    let handler = service_fn(move |_: Request<()>| async move {
        let response = Response::builder().header("content-type", content_type);
        Ok::<_, Infallible>(response.body(Drip::new(7_000 * MS, frame)).unwrap())
    });
    let start = Instant::now();
    let mut body = layer.layer(handler).oneshot(request).await.unwrap().into_body();
    let (mut data, mut trailers, mut error) = (0, None, None);
    while start.elapsed() < 120_000 * MS {
        match body.frame().await {
            None => break,
            Some(Err(failed)) => {
                error = Some(failed);
                assert!(body.frame().await.is_none() && body.is_end_stream());
                assert_eq!(body.size_hint().exact(), SizeHint::with_exact(0).exact());
                break;
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(_) => data += 1,
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
        }
    }
    End { after: start.elapsed(), data, trailers, error }
}

/// A message of gRPC with three bytes.
const MESSAGE: &[u8] = &[0, 0, 0, 0, 3, 1, 2, 3];
/// The first part of such a message.
const PART: &[u8] = &[0];

#[tokio::test(start_paused = true)]
async fn a_download_outlives_the_deadline() {
    let end = read(&DeadlineLayer::new(), get(&[]), "text/plain", b"x").await;
    assert!(end.after >= 120_000 * MS && end.error.is_none(), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_deadline_applies_to_ends_with_an_error() {
    let end = read(&DeadlineLayer::new().bodies(true), get(&[]), "text/plain", b"x").await;
    assert_eq!((end.after, end.data), (30_000 * MS, 4));
    let error = end.error.unwrap();
    assert!(error.is::<Elapsed>());
    assert_eq!(Rejection::find(error.as_ref()).unwrap().kind(), RejectionKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_only_if_asked_for_by_name() {
    let kind = "text/event-stream; charset=utf-8";
    let kept = read(&DeadlineLayer::new().bodies(true), get(&[]), kind, b"x").await;
    assert!(kept.error.is_none());
    let ended = read(&DeadlineLayer::new().event_streams(true), get(&[]), kind, b"x").await;
    assert!(ended.error.is_some() && ended.after == 30_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_that_brought_a_timeout_ends_with_deadline_exceeded_in_trailers() {
    let end = read(&DeadlineLayer::new(), grpc(&["3S"]), "application/grpc", PART).await;
    assert_eq!(end.after, 3_000 * MS);
    assert_eq!(end.trailers.unwrap()["grpc-status"], "4");
    assert!(end.error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_without_a_timeout_of_its_own_outlives_the_deadline() {
    for layer in [DeadlineLayer::new(), DeadlineLayer::new().event_streams(true)] {
        let end = read(&layer, grpc(&[]), "application/grpc", PART).await;
        assert!(end.trailers.is_none() && end.after >= 120_000 * MS);
    }
    let end = read(&DeadlineLayer::new().bodies(true), grpc(&[]), "application/grpc", PART).await;
    // Eight parts of one byte make up the message, so the deadline is earlier.
    assert_eq!(end.after, 30_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_grpc_stream_ends_only_if_asked_for_by_name() {
    let kept = read(&DeadlineLayer::new(), grpc(&["10S"]), "application/grpc", MESSAGE).await;
    assert!(kept.trailers.is_none() && kept.after >= 120_000 * MS, "{kept:?}");
    let layer = DeadlineLayer::new().grpc_streams(true);
    let ended = read(&layer, grpc(&["10S"]), "application/grpc", MESSAGE).await;
    assert_eq!(ended.trailers.unwrap()["grpc-status"], "4");
    assert_eq!((ended.after, ended.data), (10_000 * MS, 1));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_ready_on_the_tick_of_the_deadline_is_kept() {
    let layer = DeadlineLayer::new().bodies(true).default_limit(28_000 * MS);
    let end = read(&layer, get(&[]), "text/plain", b"x").await;
    assert_eq!((end.after, end.data), (28_000 * MS, 4));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_always_ready_ends_at_the_deadline() {
    let frames = async |_: Request<()>| Ok::<_, Infallible>(Response::new(Ready));
    let layer = DeadlineLayer::new().bodies(true);
    let response = layer.layer(service_fn(frames)).oneshot(get(&[])).await.unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    advance(30_000 * MS).await;
    body.frame().await.unwrap().expect("a frame on the tick of the deadline");
    advance(MS).await;
    assert!(body.frame().await.unwrap().unwrap_err().is::<Elapsed>());
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_last_frame_that_is_ready_after_the_deadline_is_kept() {
    let last = async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("x")));
    let layer = DeadlineLayer::new().bodies(true);
    let response = layer.layer(service_fn(last)).oneshot(get(&[])).await.unwrap();
    let mut body = response.into_body();
    advance(31_000 * MS).await;
    assert!(!body.is_end_stream());
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
    assert!(body.is_end_stream() && body.frame().await.is_none());
}
