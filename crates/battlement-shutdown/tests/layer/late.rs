use battlement_shutdown::Phase;
use http::Response;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};

use crate::service::{Body, SECOND, answers, get, grpc, running, shutdown};

#[tokio::test(start_paused = true)]
async fn a_late_request_is_rejected_from_stopping_on_if_that_is_set() {
    for (phase, rejects) in
        [(Phase::Unready, false), (Phase::Stopping, true), (Phase::CutOff, true)]
    {
        let shutdown = shutdown();
        let service = answers(Response::new(Body::from("hello")));
        let rejecting = shutdown.layer().reject_late(3 * SECOND).layer(service.clone());
        let serving = shutdown.layer().layer(service);
        let run = running(shutdown, phase).await;

        let response = rejecting.clone().oneshot(get()).await.unwrap();
        assert_eq!(response.status().as_u16(), if rejects { 503 } else { 200 });
        assert_eq!(response.headers()["connection"], "close");
        let retry_after =
            response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(retry_after, rejects.then_some("3"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body == "hello", !rejects, "{body:?}");

        let response = rejecting.oneshot(grpc()).await.unwrap();
        let status = response.headers().get("grpc-status").map(|value| value.to_str().unwrap());
        assert_eq!(status, rejects.then_some("14"));
        assert!(!response.headers().contains_key("connection"));
        drop(response);

        assert_eq!(serving.oneshot(get()).await.unwrap().status(), 200, "{phase:?}");
        assert_eq!(run.await.unwrap().code(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_changes_nothing_and_is_not_waited_for() {
    let shutdown = shutdown();
    let layer = shutdown.layer().reject_late(SECOND).enabled(false);
    let service = layer.layer(answers(Response::new(Body::from("hello"))));
    let handle = shutdown.handle();
    let _run = running(shutdown, Phase::Stopping).await;
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().is_empty());
    assert!(handle.in_flight().counts().iter().all(|(_, count)| *count == 0));
}
