//! The answers to expired calls of HTTP.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{DropReason, Rejection, RejectionKind, RequestFacts};
use battlement_timeout::TimeoutLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

/// Why a value was dropped, and whether facts were current.
type Dropped = (Option<DropReason>, bool);

/// A value that records its drop.
struct Watched(Arc<Mutex<Vec<Dropped>>>);

impl Drop for Watched {
    fn drop(&mut self) {
        let drops = (DropReason::current(), RequestFacts::current().is_some());
        self.0.lock().unwrap().push(drops);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_call_is_dropped_at_once_with_its_reason_and_the_facts_of_its_request() {
    let drops = Arc::new(Mutex::new(Vec::new()));
    let watched = Arc::clone(&drops);
    let hang = service_fn(move |_: Request<()>| {
        let watched = Watched(Arc::clone(&watched));
        async move {
            let _watched = watched;
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let mut request = Request::new(());
    RequestFacts::of_or_start(&mut request);
    let response = TimeoutLayer::new(10 * MS).layer(hang).oneshot(request);
    let mut response = std::pin::pin!(response);
    let answer = response.as_mut().await.unwrap();
    assert_eq!(*drops.lock().unwrap(), [(Some(DropReason::Timeout), true)]);
    assert_eq!(answer.status(), 504);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.extensions().get(), Some(&Rejection::new(RejectionKind::Timeout)));
}

#[tokio::test(start_paused = true)]
async fn the_status_of_the_answer_is_chosen_and_grpc_gets_its_own() {
    let hang = || {
        service_fn(async |_: Request<()>| {
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        })
    };
    let layer = TimeoutLayer::new(10 * MS).status(http::StatusCode::SERVICE_UNAVAILABLE);
    let response = layer.layer(hang()).oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 503);
    let grpc = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    let response = layer.layer(hang()).oneshot(grpc).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"4".parse().unwrap())
    );
}
