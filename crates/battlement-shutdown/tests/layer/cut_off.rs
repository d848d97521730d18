use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
};

use battlement_core::{DropReason, Rejection, RequestFacts};
use battlement_shutdown::Phase;
use http::Response;
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::service::{Body, get, grpc, hangs, in_flight, running, shutdown};

#[tokio::test(start_paused = true)]
async fn a_call_that_has_not_answered_at_the_deadline_gets_a_503() {
    let shutdown = shutdown();
    let service = shutdown.layer().layer(hangs());
    let calls = [get(), grpc()].map(|request| tokio::spawn(service.clone().oneshot(request)));
    in_flight(&shutdown, 2).await;
    let start = Instant::now();
    let run = running(shutdown, Phase::CutOff).await;
    let [http, grpc] = calls;
    let response = http.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 3, "delay, linger and drain");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["connection"]),
        (503, &"close".parse().unwrap())
    );
    // The service was called, so no client may take this for a request that was not made.
    assert!(response.extensions().get::<Rejection>().is_none());
    assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(grpc.await.unwrap().unwrap().headers()["grpc-status"], "14");
    let report = run.await.unwrap();
    assert_eq!((report.cut_off().requests, report.answered(), report.code()), (2, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn work_that_is_cut_off_is_dropped_for_the_shutdown_before_its_request_has_ended() {
    struct Work(Arc<Mutex<Vec<Option<DropReason>>>>);

    impl Drop for Work {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(DropReason::current());
        }
    }

    let (shutdown, dropped) = (shutdown(), Arc::<Mutex<Vec<_>>>::default());
    let work = Arc::clone(&dropped);
    let hangs = service_fn(move |_| {
        let work = Work(Arc::clone(&work));
        async move {
            let _work = work;
            pending::<Result<Response<Body>, Infallible>>().await
        }
    });
    let mut request = get();
    let facts = RequestFacts::of_or_start(&mut request);
    let call = tokio::spawn(shutdown.layer().layer(hangs).oneshot(request));
    in_flight(&shutdown, 1).await;
    let _run = running(shutdown, Phase::CutOff).await;
    call.await.unwrap().unwrap();
    assert_eq!(*dropped.lock().unwrap(), [Some(DropReason::Shutdown)]);
    assert_eq!(facts.drop_reason(), DropReason::Shutdown, "for the layers outside");
}
