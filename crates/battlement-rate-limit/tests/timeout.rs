//! The layer within tower-http's timeout, which responds with the default of the body that it wraps.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, future::pending, time::Duration};

use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::timeout::TimeoutLayer;

async fn slow_or_ok(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/slow" {
        pending::<()>().await;
    }
    Ok(Response::new(Full::from("done")))
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_of_the_limiter_responds_in_place_of_a_slow_service() {
    let timeout =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));
    let limit = RateLimitLayer::new(Policy::per_day("day", 2), Key::global());
    let service = ServiceBuilder::new().layer(timeout).layer(limit).service_fn(slow_or_ok);
    for (path, status, body) in [("/slow", 504, ""), ("/", 200, "done")] {
        let request = Request::get(path).body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
    }
    let rejected = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(rejected.status(), 429);
}
