//! Services that return the status of a gRPC response as their error.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use battlement_retry::{ReplayBody, RetryLayer};
use http::{Request, Response};
use http_body_util::Full;
use tonic::{Code, Status};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// Returns the number of attempts at an idempotent call that the service answers with `code` as an error.
async fn attempts(code: Code) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    let upstream = service_fn(move |_: Request<ReplayBody<Full<&[u8]>>>| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { Err::<Response<Full<&[u8]>>, _>(Status::new(code, "refused")) }
    });
    let request = Request::get("http://inventory/items").body(Full::default()).unwrap();
    let result = RetryLayer::http().layer(upstream).oneshot(request).await;
    assert_eq!(result.unwrap_err().code(), code);
    count.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_a_time_is_not_repeated_also_if_the_status_is_an_error() {
    assert_eq!(attempts(Code::ResourceExhausted).await, 1);
    assert_eq!(attempts(Code::Unavailable).await, 3);
    assert_eq!(attempts(Code::DeadlineExceeded).await, 3);
    assert_eq!(attempts(Code::Internal).await, 1);
}
