use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_timeout::{BodyLimits, BodyTimeoutLayer, TimeoutBody as OurBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Empty, Full};
use tokio::time::{Instant, Sleep, sleep};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::timeout::{DeadlineBody, RequestBodyTimeoutLayer, TimeoutBody};

use crate::{HOUR, LIMIT};

/// A body that sends a byte at each pace, forever.
struct Drip {
    pace: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Drip {
    fn new(pace: Duration) -> Self {
        Self { pace, sleep: Box::pin(sleep(pace)) }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.sleep.as_mut().poll(cx));
        let next = Instant::now() + self.pace;
        self.sleep.as_mut().reset(next);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

/// Returns the body of a response through our layer.
async fn limited<B>(limits: BodyLimits, body: B) -> OurBody<battlement_core::ResponseBody<B>>
where
    B: Body<Data = Bytes, Error: std::fmt::Debug> + Clone,
{
    let handler = service_fn(move |_: Request<OurBody<Empty<Bytes>>>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(body.clone())))
    });
    let layer = BodyTimeoutLayer::new().response(limits);
    layer.layer(handler).oneshot(Request::new(Empty::new())).await.unwrap().into_body()
}

#[tokio::test(start_paused = true)]
async fn tower_https_idle_limit_hides_the_length_of_the_body() {
    let full = || Full::new(Bytes::from_static(b"hello"));
    assert_eq!(TimeoutBody::new(LIMIT, full()).size_hint().exact(), None);
    assert_eq!(DeadlineBody::new(LIMIT, full()).size_hint().exact(), Some(5));
    assert!(!TimeoutBody::new(LIMIT, Empty::<Bytes>::new()).is_end_stream());

    let limits = BodyLimits::responses();
    assert_eq!(limited(limits, full()).await.size_hint().exact(), Some(5));
    assert!(limited(limits, Empty::new()).await.is_end_stream());
}

/// Returns after how long a body has failed, if it does within an hour.
async fn failed_after<B: Body>(body: B) -> Option<Duration> {
    let (start, mut body) = (Instant::now(), Box::pin(body));
    while start.elapsed() < HOUR {
        if body.frame().await?.is_err() {
            return Some(start.elapsed());
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_outlives_tower_https_idle_limit_and_not_our_total() {
    let pace = LIMIT / 2;
    assert_eq!(failed_after(TimeoutBody::new(LIMIT, Drip::new(pace))).await, None);

    let limits = BodyLimits::new().idle(LIMIT).total(10 * LIMIT);
    let layer = BodyTimeoutLayer::new().response(limits);
    let handler = service_fn(|_: Request<OurBody<Empty<Bytes>>>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Drip::new(pace))))
    });
    let response = layer.layer(handler).oneshot(Request::new(Empty::new())).await.unwrap();
    assert_eq!(failed_after(response.into_body()).await, Some(10 * LIMIT));
}

#[tokio::test(start_paused = true)]
async fn tower_https_deadline_of_a_body_runs_while_the_reader_is_busy() {
    let full = || Full::new(Bytes::from_static(b"hello"));
    let mut of_http = Box::pin(DeadlineBody::new(LIMIT, full()));
    let mut ours = limited(BodyLimits::new().total(LIMIT), full()).await;
    sleep(2 * LIMIT).await;
    assert!(of_http.frame().await.unwrap().is_err());
    assert!(ours.frame().await.unwrap().is_ok());
}

/// Answers 200 if the body of the request is complete, and 500 otherwise.
async fn save<B: Body>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = if request.into_body().collect().await.is_ok() { 200 } else { 500 };
    Ok(Response::builder().status(status).body(Full::default()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn tower_http_leaves_the_answer_to_a_stalled_request_body_to_the_handler() {
    let stalled = || Request::new(Drip::new(HOUR));
    let of_http = RequestBodyTimeoutLayer::new(LIMIT).layer(service_fn(save));
    let response = of_http.oneshot(stalled()).await.unwrap();
    assert_eq!(response.status(), 500);

    let limits = BodyLimits::new().first_byte(LIMIT);
    let ours = BodyTimeoutLayer::new().request(limits).layer(service_fn(save));
    let response = ours.oneshot(stalled()).await.unwrap();
    assert_eq!(response.status(), 408);
    assert_eq!(response.headers()["connection"], "close");
}
