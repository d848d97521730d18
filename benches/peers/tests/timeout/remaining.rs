use std::{convert::Infallible, future::pending, time::Duration};

use battlement_timeout::{DeadlineLayer, PropagateDeadlineLayer};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::time::Instant;
use tower::{BoxError, Layer as _, ServiceExt as _, service_fn, timeout::Timeout};
use tower_http::timeout::TimeoutLayer as HttpTimeoutLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

use crate::{LIMIT, of_seatbelt};

/// Returns the headers with which a call arrives.
async fn upstream(request: Request<()>) -> Result<Response<()>, Infallible> {
    let mut response = Response::new(());
    *response.headers_mut() = request.headers().clone();
    Ok(response)
}

#[tokio::test]
async fn no_peer_sends_the_time_that_is_left() {
    let call = || Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    let sent = |response: Response<()>| -> HeaderMap { response.headers().clone() };
    let service = service_fn(upstream);
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    let of_http = HttpTimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT);
    for headers in [
        sent(Timeout::new(service, LIMIT).oneshot(call()).await.unwrap()),
        sent(of_http.layer(service).oneshot(call()).await.unwrap()),
        sent(limiter.layer(service).oneshot(call()).await.unwrap()),
        sent(of_seatbelt().layer(service).oneshot(call()).await.unwrap()),
    ] {
        assert_eq!(headers, *call().headers());
    }

    let ours = tower::ServiceBuilder::new()
        .layer(battlement_timeout::CallDeadlineLayer::new(LIMIT).as_error())
        .layer(PropagateDeadlineLayer::new().as_error())
        .service(service);
    let headers = sent(ours.oneshot(call()).await.unwrap());
    assert!(headers["grpc-timeout"].to_str().unwrap().ends_with('n'), "{headers:?}");
}

const SECOND: Duration = Duration::from_secs(1);

/// Makes two calls in a row that hang, each of which may take 2 seconds.
async fn two_calls<S>(call: S)
where
    S: tower::Service<(), Response = (), Error = BoxError> + Clone,
{
    for _ in 0..2 {
        assert!(call.clone().oneshot(()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_calls_in_a_row_add_up_unless_a_deadline_covers_them() {
    let hang = service_fn(async |()| pending::<Result<(), Infallible>>().await);
    let start = Instant::now();
    two_calls(Timeout::new(hang, 2 * SECOND)).await;
    assert_eq!(start.elapsed(), 4 * SECOND);
    let limiter = TimeLimiterLayer::builder().timeout_duration(2 * SECOND).build();
    two_calls(limiter.layer(hang).map_err(BoxError::from)).await;
    assert_eq!(start.elapsed(), 8 * SECOND);
    let of_http = HttpTimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, 2 * SECOND);
    let of_http = of_http.layer(service_fn(crate::hang));
    for _ in 0..2 {
        of_http.oneshot(Request::new(())).await.unwrap();
    }
    assert_eq!(start.elapsed(), 12 * SECOND);

    let start = Instant::now();
    let call = DeadlineLayer::client(2 * SECOND).as_error().layer(hang);
    let handler = service_fn(move |_: Request<()>| {
        let call = call.clone();
        async move {
            two_calls(call).await;
            Ok::<_, Infallible>(Response::new(http_body_util::Full::<bytes::Bytes>::default()))
        }
    });
    let server = DeadlineLayer::new().default_limit(3 * SECOND).layer(handler);
    server.oneshot(Request::new(())).await.unwrap();
    assert_eq!(start.elapsed(), 3 * SECOND);
}
