use std::io::ErrorKind;

use battlement_circuit_breaker::{CircuitBreakerLayer, Counts, State};
use battlement_core::HttpStatus;
use http_body_util::BodyExt as _;

use super::support::{End, Reply, SECOND, billing, counts, is_rejected, with};

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_open_the_breaker_and_further_calls_do_not_reach_the_service() {
    let (client, handle) = billing();
    for _ in 0..4 {
        client.call(Reply::Status(500)).await.unwrap();
    }
    assert_eq!(handle.state(), State::Closed);
    client.call(Reply::Error(ErrorKind::ConnectionReset)).await.unwrap_err();
    assert_eq!(handle.state(), State::Open);
    assert!(is_rejected(&client.call(Reply::Status(200)).await.unwrap()));
    assert_eq!(client.calls(), 5);
}

/// Returns the counts after one call whose response is read to its end.
async fn after(reply: Reply) -> Counts {
    let (client, handle) = billing();
    if let Ok(response) = client.call(reply).await {
        let _ = response.into_body().collect().await;
    }
    counts(&handle)
}

#[tokio::test(start_paused = true)]
async fn each_result_counts_in_its_class() {
    let of = |count: fn(&Counts) -> u64| move |counts: Counts| (count(&counts), counts.total());
    let success = of(|counts| counts.success);
    for status in [200, 204, 404, 401] {
        assert_eq!(success(after(Reply::Status(status)).await), (1, 1), "{status}");
    }
    let server = of(|counts| counts.server);
    assert_eq!(server(after(Reply::Status(500)).await), (1, 1));
    let timeout = of(|counts| counts.timeout);
    assert_eq!(timeout(after(Reply::Status(504)).await), (1, 1));
    assert_eq!(timeout(after(Reply::Error(ErrorKind::TimedOut)).await), (1, 1));
    let overload = of(|counts| counts.overload);
    assert_eq!(overload(after(Reply::Status(429)).await), (1, 1));
    let unprocessed = of(|counts| counts.not_processed);
    assert_eq!(unprocessed(after(Reply::Error(ErrorKind::ConnectionRefused)).await), (1, 1));
    let transport = of(|counts| counts.transport);
    assert_eq!(transport(after(Reply::Error(ErrorKind::ConnectionReset)).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_ignored_result_and_a_local_rejection_count_on_neither_side() {
    for reply in [Reply::Status(499), Reply::Full, Reply::Grpc(End::Status("1"))] {
        let counts = after(reply.clone()).await;
        assert_eq!((counts.total(), counts.ignored), (0, 1), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_inside_does_not_open_the_breaker() {
    let (client, handle) = billing();
    for _ in 0..100 {
        client.call(Reply::Full).await.unwrap_err();
    }
    assert_eq!((handle.state(), client.calls()), (State::Closed, 100));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_breaks_off_is_a_transport_failure() {
    for reply in [Reply::Body(End::Error), Reply::Grpc(End::Error)] {
        let counts = after(reply).await;
        assert_eq!((counts.transport, counts.total()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_is_judged_by_its_trailers() {
    let (client, handle) = billing();
    let response = client.call(Reply::Grpc(End::Status("13"))).await.unwrap();
    assert_eq!(counts(&handle).total(), 0);
    response.into_body().collect().await.unwrap();
    assert_eq!((counts(&handle).server, counts(&handle).total()), (1, 1));
    assert_eq!(after(Reply::Grpc(End::Status("0"))).await.success, 1);
    // A response without a status was cut off.
    assert_eq!(after(Reply::Grpc(End::Complete)).await.server, 1);
}

#[tokio::test(start_paused = true)]
async fn a_classifier_of_http_alone_does_not_read_trailers() {
    let (client, handle) = with(CircuitBreakerLayer::new("billing").classify(HttpStatus));
    let response = client.call(Reply::Grpc(End::Status("13"))).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(counts(&handle).success, 1);
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_service_lengthens_the_open_time_up_to_the_cap() {
    for (asked, expected) in [("20", 20), ("3600", 60)] {
        let (client, handle) = billing();
        for _ in 0..5 {
            client.call(Reply::RetryAfter(503, asked)).await.unwrap();
        }
        assert_eq!(handle.snapshot().next_probe, Some(expected * SECOND));
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_counts_nothing_and_passes_every_call() {
    let (client, handle) = with(CircuitBreakerLayer::new("billing").enabled(false));
    for _ in 0..100 {
        client.call(Reply::Status(500)).await.unwrap();
    }
    let response = client.call(Reply::Body(End::Complete)).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    assert_eq!((client.calls(), counts(&handle).total()), (101, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shadow_counts_and_rejects_no_call() {
    let (client, handle) = with(CircuitBreakerLayer::new("billing").shadow(true));
    client.open().await;
    assert!(!is_rejected(&client.call(Reply::Status(500)).await.unwrap()));
    let seen = handle.snapshot();
    assert_eq!((seen.state, seen.rejections, client.calls()), (State::Open, 1, 6));
}
