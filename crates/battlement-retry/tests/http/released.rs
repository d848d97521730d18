//! The resources of a call while it waits, and the result that goes back.

use std::{
    future::{poll_fn, ready},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use battlement_retry::{Attempts, Budget, RetryLayer};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either, Empty, StreamBody, channel::Channel};
use tokio::{task::coop::poll_proceed, time::Instant};
use tokio_test::task;
use tower::{Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimitLayer, service_fn};

use crate::support::{Upstream, answer, get, status};

const MILLISECOND: Duration = Duration::from_millis(1);

type Piped = Channel<Bytes, io::Error>;

/// Answers 503 with `body` first, and then with an empty 200. Counts the attempts.
fn upstream<B>(
    body: Piped,
) -> (
    impl Service<Request<B>, Response = Response<Piped>, Error = io::Error, Future: Send> + Clone,
    Arc<AtomicUsize>,
) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = attempts.clone();
    let body = Arc::new(Mutex::new(Some(body)));
    let service = service_fn(move |_| {
        count.fetch_add(1, Relaxed);
        let body = body.lock().unwrap().take();
        let mut response = Response::new(Piped::new(1).1);
        if let Some(body) = body {
            *response.body_mut() = body;
            *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
        ready(Ok(response))
    });
    (service, attempts)
}

#[tokio::test(start_paused = true)]
async fn a_short_response_is_read_to_its_end_before_the_wait() {
    let (mut sender, body) = Piped::new(8);
    let (service, _) = upstream(body);
    let mut call = task::spawn(RetryLayer::http().layer(service).oneshot(get()));
    assert!(call.poll().is_pending());
    sender.send_data(Bytes::from("too many")).await.unwrap();
    assert!(call.is_woken() && call.poll().is_pending());
    assert!(sender.send_data(Bytes::from(" calls")).await.is_ok(), "is read to its end");
    drop(sender);
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_long_or_slow_is_dropped_before_the_wait() {
    let (mut sender, body) = Piped::new(8);
    let (service, attempts) = upstream(body);
    let mut call = task::spawn(RetryLayer::http().layer(service).oneshot(get()));
    assert!(call.poll().is_pending());
    sender.send_data(Bytes::from(vec![0; 16 * 1024])).await.unwrap();
    assert!(call.poll().is_pending());
    sender.send_data(Bytes::from("more")).await.unwrap();
    assert!(call.poll().is_pending());
    assert!(sender.send_data(Bytes::from("too long")).await.is_err());
    assert_eq!(attempts.load(Relaxed), 1);

    let (mut sender, body) = Piped::new(8);
    let (service, attempts) = upstream(body);
    let mut call = task::spawn(RetryLayer::http().layer(service).oneshot(get()));
    assert!(call.poll().is_pending());
    tokio::time::advance(99 * MILLISECOND).await;
    assert!(call.poll().is_pending());
    sender.send_data(Bytes::from("slow")).await.unwrap();
    assert!(call.poll().is_pending());
    tokio::time::advance(2 * MILLISECOND).await;
    assert!(call.poll().is_pending());
    assert!(sender.send_data(Bytes::from("too slow")).await.is_err());
    assert_eq!(attempts.load(Relaxed), 1, "the wait goes on");
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_failed_response_holds_no_permit_while_the_call_waits() {
    let upstream = Upstream::of([answer(503, &[("retry-after", "1")])]);
    let limit = ConcurrencyLimitLayer::new(1);
    let service = RetryLayer::http().layer(limit.layer(upstream.service()));
    let start = Instant::now();
    let mut first = task::spawn(service.clone().oneshot(get()));
    assert!(first.poll().is_pending());
    // While the first call waits, the only permit is free for another one.
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(first.await.unwrap().status(), 200);
}

/// A service whose readiness after the first call is given.
#[derive(Clone)]
struct Gated<S> {
    inner: S,
    calls: usize,
    then: Readiness,
}

#[derive(Clone, Copy)]
enum Readiness {
    Never,
    Fails(io::ErrorKind),
    /// Ready, as far as the cooperative budget of the task allows.
    Cooperative,
}

impl<S, Req> Service<Req> for Gated<S>
where
    S: Service<Req, Error = io::Error>,
{
    type Response = S::Response;
    type Error = io::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.then {
            _ if self.calls == 0 => self.inner.poll_ready(cx),
            Readiness::Never => Poll::Pending,
            Readiness::Fails(kind) => Poll::Ready(Err(kind.into())),
            Readiness::Cooperative => poll_proceed(cx).map(|step| {
                step.made_progress();
                Ok(())
            }),
        }
    }

    fn call(&mut self, request: Req) -> S::Future {
        self.calls += 1;
        self.inner.call(request)
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_ends_the_retry_and_the_first_answer_goes_back_whole() {
    let budget = Budget::default();
    let upstream = Upstream::of([answer(503, &[("x-first", "yes")])]);
    let service = Gated { inner: upstream.service(), calls: 0, then: Readiness::Never };
    let layer = RetryLayer::http().budget(budget.clone());
    let response = layer.layer(service).oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (503, Attempts(1)));
    assert_eq!(response.headers()["x-first"], "yes");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!((body, upstream.attempts()), (Bytes::from("body of 503"), 1));
    assert_eq!(budget.remaining(Instant::now()), 10);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_readiness_goes_through_the_policy() {
    let attempts = async |kind| {
        let upstream = Upstream::of([status(502)]);
        let service = Gated { inner: upstream.service(), calls: 0, then: Readiness::Fails(kind) };
        let budget = Budget::default();
        let layer = RetryLayer::http().budget(budget.clone());
        let error = layer.layer(service).oneshot(get()).await.unwrap_err();
        assert_eq!((error.kind(), upstream.attempts()), (kind, 1));
        10 - budget.remaining(Instant::now())
    };
    // A broken connection is tried again, and another error is not.
    assert_eq!(attempts(io::ErrorKind::ConnectionReset).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_at_any_point_gives_its_retry_back() {
    for polls in 0..3 {
        let budget = Budget::default();
        let upstream = Upstream::of([status(502), status(502)]);
        let layer = RetryLayer::http().budget(budget.clone());
        let mut call = task::spawn(layer.layer(upstream.service()).oneshot(get()));
        for _ in 0..polls {
            let _ = call.poll();
        }
        drop(call);
        assert_eq!(budget.remaining(Instant::now()), 10, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_exhausts_its_budget_at_each_poll_still_repeats_calls() {
    let upstream = Upstream::of([status(502)]);
    let service = Gated { inner: upstream.service(), calls: 0, then: Readiness::Cooperative };
    let mut call = Box::pin(RetryLayer::http().layer(service).oneshot(get()));
    let mut poll = async || {
        poll_fn(|cx| {
            while let Poll::Ready(step) = poll_proceed(cx) {
                step.made_progress();
            }
            Poll::Ready(call.as_mut().poll(cx))
        })
        .await
    };
    assert!(poll().await.is_pending());
    tokio::time::advance(26 * MILLISECOND).await;
    let Poll::Ready(response) = poll().await else { panic!("the wait is over") };
    assert_eq!((response.unwrap().status().as_u16(), upstream.attempts()), (200, 2));
}

#[tokio::test(start_paused = true)]
async fn a_failed_response_of_countless_frames_is_dropped_before_the_wait() {
    for frame in [Bytes::new(), Bytes::from_static(b"x")] {
        let read = Arc::new(AtomicUsize::new(0));
        let count = read.clone();
        let frames = futures_util::stream::repeat(frame).take(16 * 1024).map(move |frame| {
            count.fetch_add(1, Relaxed);
            Ok::<_, io::Error>(http_body::Frame::data(frame))
        });
        let body = Arc::new(Mutex::new(Some(StreamBody::new(frames))));
        let service = service_fn(move |_| {
            let body = body.lock().unwrap().take();
            let status = if body.is_some() { 503 } else { 200 };
            let body = body.map_or(Either::Right(Empty::<Bytes>::new()), Either::Left);
            ready(Response::builder().status(status).body(body))
        });
        let response = RetryLayer::http().layer(service).oneshot(get()).await.unwrap();
        assert_eq!(response.status(), 200);
        let read = read.load(Relaxed);
        assert!((64..100).contains(&read), "{read}");
    }
}
