use std::error::Error as _;

use battlement_timeout::{Elapsed, Rejection, RejectionKind, TimeoutLayer};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use seatbelt::{ResilienceContext, timeout::Timeout as SeatbeltTimeout};
use tick::Clock;
use tower::{BoxError, Layer as _, Service as _, ServiceExt as _, service_fn, timeout::Timeout};
use tower_http::timeout::TimeoutLayer as HttpTimeoutLayer;
use tower_resilience_timelimiter::{TimeLimiterError, TimeLimiterLayer};

use crate::{Answer, HOUR, LIMIT, hang};

#[tokio::test(start_paused = true)]
async fn towers_error_states_neither_the_limit_nor_its_kind() {
    let call = Timeout::new(service_fn(hang), LIMIT).oneshot(Request::new(()));
    let error: BoxError = call.await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>() && error.source().is_none());
    assert_eq!(error.to_string(), "request timed out");

    let ours = TimeoutLayer::new(LIMIT).as_error().layer(service_fn(hang));
    let error = ours.oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Elapsed>().unwrap().after(), LIMIT);
    assert_eq!(Rejection::find(error.as_ref()).unwrap().kind(), RejectionKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn tower_https_answer_is_empty_and_has_no_status_for_grpc() {
    let grpc = || {
        let request = Request::post("/").header("content-type", "application/grpc");
        request.body(()).unwrap()
    };
    let layer = HttpTimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT);
    let response = layer.layer(service_fn(hang)).oneshot(grpc()).await.unwrap();
    assert_eq!(response.status(), 504);
    assert!(response.headers().is_empty());
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());

    let ours = TimeoutLayer::new(LIMIT).layer(service_fn(hang));
    let response = ours.clone().oneshot(grpc()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"4".parse().unwrap())
    );
    let response = ours.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_reports_a_panic_of_a_detached_call_as_a_timeout() {
    let layer = TimeLimiterLayer::builder().timeout_duration(HOUR).cancel_running_future(false);
    let service = layer
        .build()
        .layer(service_fn(async |_: Request<()>| -> Answer { panic!("a bug of the service") }));
    let error = service.oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(error, TimeLimiterError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_wraps_the_errors_of_the_service() {
    let layer = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    let fails = service_fn(async |()| Err::<(), _>(std::fmt::Error));
    let error = layer.layer(fails).oneshot(()).await.unwrap_err();
    assert!(matches!(error, TimeLimiterError::Inner(std::fmt::Error)) && error.source().is_none());

    let ours = TimeoutLayer::new(LIMIT).as_error().layer(fails);
    assert!(ours.oneshot(()).await.unwrap_err().is::<std::fmt::Error>());
}

#[tokio::test]
async fn seatbelt_answers_with_what_the_application_makes() {
    // Its timer is that of its own clock, so this limit is real time.
    let context = ResilienceContext::new(Clock::new_tokio());
    let layer = SeatbeltTimeout::layer("call", &context)
        .timeout_output(|args| Err(format!("over after {:?}", args.timeout())))
        .timeout(LIMIT);
    let hang = service_fn(async |()| std::future::pending::<Result<(), String>>().await);
    let error = layer.layer(hang).oneshot(()).await.unwrap_err();
    assert_eq!(error, "over after 100ms");
}

/// Creates a call whose future holds a kilobyte.
async fn large(_: ()) -> Result<(), String> {
    let held = std::hint::black_box([0_u8; 1024]);
    tokio::task::yield_now().await;
    if held[0] == 0 { Ok(()) } else { Err("changed".to_owned()) }
}

#[tokio::test]
async fn tower_resilience_and_seatbelt_box_each_call() {
    let boxed = size_of::<Box<dyn Future<Output = ()>>>();
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    assert_eq!(size_of_val(&limiter.layer(service_fn(large)).call(())), boxed);
    let context = ResilienceContext::new(Clock::new_tokio());
    let layer = SeatbeltTimeout::layer("call", &context)
        .timeout_error(|_| "late".to_owned())
        .timeout(LIMIT);
    assert_eq!(size_of_val(&layer.layer(service_fn(large)).call(())), boxed);

    let ours = TimeoutLayer::new(LIMIT).as_error();
    assert!(size_of_val(&ours.layer(service_fn(large)).call(())) > 1024);
}
