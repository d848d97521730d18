use battlement_core::{CallFacts, RequestFacts};
use battlement_timeout::PropagateDeadlineLayer;
use http::Request;

use crate::calls::{GRPC, HTTP, call, grpc, ms};

/// Returns a request that was received with `header`, and the facts of a server with this deadline.
fn received(
    mut request: Request<()>,
    header: (&'static str, &str),
    left: Option<u64>,
) -> Request<()> {
    request.headers_mut().insert(header.0, header.1.parse().unwrap());
    let facts = RequestFacts::of_or_start(&mut request);
    if let Some(left) = left {
        facts.set_deadline(ms(left), ms(60_000));
    }
    request
}

#[tokio::test(start_paused = true)]
async fn a_proxy_replaces_the_value_of_its_caller() {
    for caller in ["1", "2000", "90000", "x"] {
        let request = received(Request::new(()), (HTTP, caller), Some(2000));
        tokio::time::advance(ms(300)).await;
        let made = call(&PropagateDeadlineLayer::new(), request).await;
        assert_eq!(made.lines(HTTP), ["1695"], "{caller}");
    }
    let request = received(grpc(), (GRPC, "1m"), Some(2000));
    let made = call(&PropagateDeadlineLayer::new(), request).await;
    assert_eq!(made.lines(GRPC), ["1995000u"]);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_without_a_deadline_passes_the_value_of_its_caller_on() {
    let request = received(Request::new(()), (HTTP, "2000"), None);
    assert_eq!(call(&PropagateDeadlineLayer::new(), request).await.lines(HTTP), ["2000"]);
}

#[tokio::test(start_paused = true)]
async fn a_proxied_call_that_is_detached_does_not_state_the_time_of_its_caller() {
    let mut request = received(Request::new(()), (HTTP, "2000"), Some(2000));
    request.extensions_mut().insert(CallFacts::default());
    assert!(call(&PropagateDeadlineLayer::new(), request).await.lines(HTTP).is_empty());
}
