//! Each kind of fallback for each class of failures, over sockets.

use battlement_circuit_breaker::{FallbackLayer, FallbackMark, FallbackOn, FallbackOutcome};
use battlement_testkit::upstream::Upstream;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower::{BoxError, Layer, Service, ServiceExt as _};

use crate::support::{Failing, Seen, Sender, client, order, read};

/// Makes a call to an upstream that fails with a failure of the class `on`.
async fn call<L, B, T>(
    on: FallbackOn,
    layer: &L,
) -> Result<(Option<FallbackOn>, StatusCode, Bytes), BoxError>
where
    L: Layer<Sender<B>>,
    L::Service: Service<Request<Full<Bytes>>, Response = Response<T>, Error = BoxError>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static,
    T: Body<Error: std::fmt::Debug>,
{
    let upstream = Failing::start(on).await;
    let response = layer.layer(upstream.client()).oneshot(order()).await?;
    let mark = FallbackMark::of(&response).map(|mark| FallbackOn::of(mark.failure()));
    assert_eq!(upstream.received(), u64::from(on != FallbackOn::Rejected), "{on:?}");
    let (status, body) = read(response).await;
    Ok((mark, status, body))
}

/// Checks that a fallback answers a failure of each class if that is chosen, and only then.
async fn check<L, B, T>(answer: &'static str, make: impl Fn(Vec<FallbackOn>, Seen) -> L)
where
    L: Layer<Sender<B>>,
    L::Service: Service<Request<Full<Bytes>>, Response = Response<T>, Error = BoxError>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static,
    T: Body<Error: std::fmt::Debug>,
{
    let seen = Seen::default();
    for on in FallbackOn::ALL {
        let (mark, status, body) = call(on, &make(vec![on], seen.clone())).await.unwrap();
        assert_eq!((mark, status, &*body), (Some(on), StatusCode::OK, answer.as_bytes()), "{on:?}");
        assert_eq!(seen.outcomes(), [FallbackOutcome::Answered], "{on:?}");

        let others = FallbackOn::ALL.into_iter().filter(|other| *other != on).collect();
        match call(on, &make(others, seen.clone())).await {
            Ok((mark, status, _)) => {
                assert_eq!((on, mark, status.as_u16()), (FallbackOn::Server, None, 500));
            }
            Err(_) => assert_ne!(on, FallbackOn::Server),
        }
        assert_eq!(seen.outcomes(), [], "{on:?}");
    }
}

#[tokio::test]
async fn a_value_answers_the_failures_that_are_chosen() {
    check("cached", |on, seen| {
        FallbackLayer::value(Response::new("cached")).as_error().on(on).observe(seen)
    })
    .await;
}

#[tokio::test]
async fn a_closure_answers_the_failures_that_are_chosen_from_the_head_of_the_request() {
    check("no answer to POST /orders", |on, seen| {
        FallbackLayer::closure(|head, _| {
            Some(Response::new(format!("no answer to {} {}", head.method, head.uri)))
        })
        .as_error()
        .on(on)
        .observe(seen)
    })
    .await;
}

#[tokio::test]
async fn a_service_answers_the_failures_that_are_chosen_with_the_whole_request() {
    let other = Upstream::start().await.unwrap();
    check("order 7", |on, seen| {
        FallbackLayer::service(client(other.url("/"))).as_error().on(on).observe(seen)
    })
    .await;
    assert_eq!(other.counts().received, FallbackOn::ALL.len() as u64);
}

#[tokio::test]
async fn a_fallback_that_fails_returns_the_first_failure() {
    for on in FallbackOn::ALL {
        // The service fails with an error, or with a status.
        for failing in [FallbackOn::Transport, FallbackOn::Server] {
            let (other, seen) = (Failing::start(failing).await, Seen::default());
            let layer = FallbackLayer::service(other.client()).as_error().observe(seen.clone());
            match call(on, &layer).await {
                Ok((mark, status, _)) => {
                    assert_eq!((on, mark, status.as_u16()), (FallbackOn::Server, None, 500));
                }
                Err(error) => {
                    let is_rejection =
                        battlement_circuit_breaker::Rejection::find(&*error).is_some();
                    let is_timeout = error.is::<tokio::time::error::Elapsed>();
                    assert_eq!(is_rejection, on == FallbackOn::Rejected, "{error:?}");
                    assert_eq!(is_timeout, on == FallbackOn::Timeout, "{error:?}");
                }
            }
            assert_eq!(other.received(), 1, "{on:?}");
            assert_eq!(seen.outcomes(), [FallbackOutcome::Failed], "{on:?}");
        }
    }
}

#[tokio::test]
async fn a_closure_that_declines_returns_the_first_failure() {
    let seen = Seen::default();
    let layer = FallbackLayer::closure(|_, _| None::<Response<Bytes>>).as_error();
    let (mark, status, _) = call(FallbackOn::Server, &layer.observe(seen.clone())).await.unwrap();
    assert_eq!((mark, status.as_u16()), (None, 500));
    assert_eq!(seen.outcomes(), [FallbackOutcome::Failed]);
}
