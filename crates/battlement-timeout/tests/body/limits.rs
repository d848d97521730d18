use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use battlement_timeout::{BodyLimits, BodyTimeoutLayer, ElapsedKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::drip::{
    BoxError, Direction, Drip, End, Expiries, assert_elapsed, count_bytes, end_of, ms,
};

/// Checks the end of a body of one byte after each of `waits`, in both directions.
async fn ends(limits: BodyLimits, waits: &[u64], end: End) {
    for direction in Direction::BOTH {
        let found = end_of(direction, limits, Drip::bytes(waits)).await;
        assert_eq!(found, end, "{direction:?} {limits:?} {waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_byte_must_arrive_within_its_limit_and_one_on_the_tick_is_kept() {
    let limits = BodyLimits::new().first_byte(ms(1000));
    ends(limits, &[1000], End::Complete(ms(1000))).await;
    ends(limits, &[1001], End::Expired(ms(1000))).await;
    // Later frames may take any time.
    ends(limits, &[0, 60_000], End::Complete(ms(60_000))).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_must_follow_the_former_within_the_idle_limit_and_one_on_the_tick_is_kept() {
    let limits = BodyLimits::new().idle(ms(1000));
    ends(limits, &[60_000, 1000, 1000, 1000], End::Complete(ms(63_000))).await;
    ends(limits, &[0, 1000, 1001], End::Expired(ms(2000))).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_must_end_within_the_total_limit_and_an_end_on_the_tick_is_kept() {
    let limits = BodyLimits::new().total(ms(2000));
    ends(limits, &[400, 400, 400, 400, 400], End::Complete(ms(2000))).await;
    ends(limits, &[400, 400, 400, 400, 401], End::Expired(ms(2000))).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_of_one_byte_in_each_idle_limit_is_ended_by_the_total_limit() {
    let limits = BodyLimits::requests();
    ends(limits, &[9_999; 100], End::Expired(ms(300_000))).await;
    let limits = BodyLimits::new().first_byte(ms(1000)).idle(ms(1000)).total(ms(5000));
    ends(limits, &[900; 100], End::Expired(ms(5000))).await;
}

#[tokio::test(start_paused = true)]
async fn frames_without_data_do_not_extend_a_wait() {
    let limits = BodyLimits::new().first_byte(ms(1000)).idle(ms(1000));
    for first in ["", "x"] {
        let frames = || [(0, first)].into_iter().chain([(300, ""); 10]);
        for direction in Direction::BOTH {
            let end = end_of(direction, limits, Drip::frames(frames())).await;
            assert_eq!(end, End::Expired(ms(1000)), "{direction:?} {first:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn limits_below_a_millisecond_are_not_rounded_to_zero() {
    let limits = BodyLimits::new().first_byte(Duration::from_micros(1));
    ends(limits, &[0], End::Complete(ms(0))).await;
    ends(limits, &[5], End::Expired(ms(1))).await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_whole_range_does_not_overflow() {
    let limits = BodyLimits::new().first_byte(Duration::MAX).idle(Duration::MAX);
    ends(limits.total(Duration::MAX), &[1000, 1000], End::Complete(ms(2000))).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_expires_a_body_once() {
    let expiries = Arc::new(Expiries::default());
    let layer = BodyTimeoutLayer::new().observe(Arc::clone(&expiries));
    let service = layer.layer(service_fn(async |_| {
        Ok::<_, BoxError>(Response::new(Drip::bytes(&[0, 3_600_000])))
    }));
    let response = service.oneshot(Request::new(Drip::default())).await.unwrap();
    let mut body = pin!(response.into_body());
    assert!(body.frame().await.unwrap().is_ok());
    assert!(poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx))).await.is_pending());
    tokio::time::advance(ms(3_000_000)).await;
    assert_elapsed(&body.frame().await.unwrap().unwrap_err(), ElapsedKind::ResponseBody);
    assert!(body.frame().await.is_none() && body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert_eq!(expiries.count(), 1);
}

/// Polls `future` once, outside of a runtime, where a timer cannot be created.
fn poll_without_runtime<F: Future>(future: Pin<&mut F>) -> F::Output {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is pending"),
    }
}

#[test]
fn bodies_that_are_ready_cost_no_timer() {
    let frames = || Drip::bytes(&[0; 1000]);
    let limits = BodyLimits::requests();
    let layer = BodyTimeoutLayer::new().request(limits).response(limits);
    let mut service = layer.layer(service_fn(async |request: Request<_>| {
        let counted = count_bytes(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(counted.to_bytes(), "1000");
        Ok::<_, BoxError>(Response::new(frames()))
    }));
    let request = Request::new(frames());
    let response = poll_without_runtime(pin!(service.call(request))).unwrap();
    let body = poll_without_runtime(pin!(response.into_body().collect())).unwrap();
    assert_eq!(body.to_bytes().len(), 1000);
}

#[tokio::test]
async fn the_size_and_the_end_are_those_of_the_inner_body() {
    let service = BodyTimeoutLayer::new().layer(service_fn(async |request: Request<_>| {
        let body: &battlement_timeout::TimeoutBody<Full<Bytes>> = request.body();
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(5), false));
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("hi")))
    }));
    let request = Request::new(Full::<Bytes>::from("hello"));
    let mut body = service.oneshot(request).await.unwrap().into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(2), false));
    body.frame().await.unwrap().unwrap();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

#[test]
#[should_panic = "request.idle: must be at most `total`, 1s, got 2s"]
fn limits_that_contradict_each_other_panic_by_name() {
    let _ = BodyTimeoutLayer::new().request(BodyLimits::new().idle(ms(2000)).total(ms(1000)));
}

#[test]
#[should_panic = "response.first_byte: must be greater than zero"]
fn a_limit_of_zero_panics_by_name() {
    let _ = BodyTimeoutLayer::new().response(BodyLimits::new().first_byte(Duration::ZERO));
}
