//! Panics of a service, in every phase of a request.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use battlement_problem::{Panic, ProblemLayer};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError, Reply};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

use crate::exchange::{Answer, BoxError, ID, send};

#[tokio::test]
async fn a_panic_is_a_bug_under_the_id_of_the_request() {
    let answer = send::<BoxError>(ProblemLayer::new(), &[], async |_| {
        tokio::task::yield_now().await;
        panic!("index {} out of the secret table", 7)
    });
    is_a_bug(&answer.await, "panicked: index 7 out of the secret table");
}

#[tokio::test]
async fn a_panic_without_text_is_a_bug_too() {
    let answer = send::<BoxError>(ProblemLayer::new(), &[], async |_| std::panic::panic_any(7));
    is_a_bug(&answer.await, "panicked");
}

fn is_a_bug(answer: &Answer, cause: &str) {
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.json()["code"], "internal");
    assert_eq!(answer.json()["request_id"], ID);
    assert!(!answer.all().contains("panic"), "{}", answer.all());
    assert_eq!(answer.log.matches(ID).count(), 1, "{}", answer.log);
    assert!(answer.log.contains(cause), "{}", answer.log);
}

#[tokio::test]
async fn a_payload_that_panics_when_dropped_is_caught() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let answer = send::<BoxError>(ProblemLayer::new(), &[], async |_| std::panic::panic_any(Bomb));
    assert_eq!(answer.await.status(), 500);
}

#[tokio::test]
async fn a_panic_in_call_is_caught_and_the_service_continues() {
    let probe = Probe::new();
    probe.next(Reply::panic_in_call());
    let service = ProblemLayer::new().layer(probe.clone());
    let call = || service.clone().oneshot(Request::new(ProbeBody::empty()));
    assert_eq!(call().await.unwrap().status(), 500);
    assert_eq!(call().await.unwrap().status(), 200);
    assert_eq!(probe.counts().in_flight, 0);
}

#[tokio::test]
async fn a_panic_in_the_body_is_an_error_and_not_its_end() {
    let probe = Probe::new();
    probe.next(Reply::body(ProbeBody::from("the first frame").panic()));
    let service = ProblemLayer::new().layer(probe);
    let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "the first frame");
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.source().unwrap().is::<Panic>(), "{error}");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_failed_body_is_reported_once_by_nested_layers() {
    for body in [ProbeBody::from("a").panic(), ProbeBody::from("a").error(ProbeError::new("lost"))]
    {
        let bugs = Arc::new(AtomicUsize::new(0));
        let layer = ProblemLayer::new().on_bug({
            let bugs = Arc::clone(&bugs);
            move |_| _ = bugs.fetch_add(1, Relaxed)
        });
        let probe = Probe::new();
        probe.next(Reply::body(body));
        let service = layer.layer(layer.layer(probe));
        let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
        let error = response.into_body().collect().await.unwrap_err();
        assert!(!error.to_string().is_empty());
        assert_eq!(bugs.load(Relaxed), 1);
    }
}

/// A body that declares a few bytes and panics instead.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("in the middle of a sentence")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}

#[tokio::test]
async fn a_text_body_that_panics_keeps_the_status() {
    let service = ProblemLayer::new().layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::builder().status(404).body(Broken).unwrap())
    }));
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 404);
    let json = response.into_body().collect().await.unwrap().to_bytes();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json.get("detail"), None);
}

#[tokio::test]
async fn a_disabled_layer_does_not_catch_panics() {
    let probe = Probe::new();
    probe.next(Reply::panic_in_future());
    let service = ProblemLayer::new().enabled(false).layer(probe);
    let call = tokio::spawn(service.oneshot(Request::new(ProbeBody::empty())));
    assert!(call.await.unwrap_err().is_panic());
}
