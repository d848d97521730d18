use std::panic::{AssertUnwindSafe, catch_unwind};

use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::probe::{Gate, ProbeBody, Reply};

use super::support::{Client, SECOND, poll, poll_body};

#[tokio::test]
async fn a_call_that_is_dropped_at_any_stage_gives_its_permit_back() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let unpolled = client.begin(Reply::never());
    assert_eq!(client.in_flight(), 1);
    drop(unpolled);
    assert_eq!(client.in_flight(), 0);

    drop(client.pending());
    assert_eq!(client.in_flight(), 0);

    let response = client.begin(Reply::body(ProbeBody::empty().data("hello"))).await;
    assert_eq!(client.in_flight(), 1);
    drop(response);
    assert_eq!(client.in_flight(), 0);

    let body = ProbeBody::empty().data("half").wait(&Gate::new()).data("rest");
    let mut response = client.begin(Reply::body(body)).await.unwrap();
    assert!(poll_body(response.body_mut()) && !poll_body(response.body_mut()));
    assert_eq!(client.in_flight(), 1);
    drop(response);
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test]
async fn a_call_that_panics_gives_its_permit_back() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let in_call = catch_unwind(AssertUnwindSafe(|| client.begin(Reply::panic_in_call())));
    assert!(in_call.is_err());
    assert_eq!(client.in_flight(), 0);

    let mut call = client.begin(Reply::panic_in_future());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
    drop(call);
    assert_eq!(client.in_flight(), 0);

    let mut response =
        client.begin(Reply::body(ProbeBody::empty().data("half").panic())).await.unwrap();
    assert!(poll_body(response.body_mut()));
    let in_body = catch_unwind(AssertUnwindSafe(|| poll_body(response.body_mut())));
    assert!(in_body.is_err());
    drop(response);
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_leaves_the_queue_at_once() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let (unpolled, waiting) = (client.begin(Reply::never()), client.pending());
    assert_eq!((client.in_flight(), client.queued()), (1, 2));
    drop(unpolled);
    assert_eq!((client.in_flight(), client.queued()), (1, 1));
    drop(waiting);
    assert_eq!((client.in_flight(), client.queued()), (1, 0));
    drop(call);
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_between_grant_and_poll_passes_its_permit_on() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let mut first = client.pending();
    let mut second = client.pending();
    drop(call);
    // The first waiter has its permit, and was not polled since.
    assert_eq!((client.in_flight(), client.queued()), (1, 1));
    assert!(poll(&mut second).is_none());
    assert_eq!(client.probe.counts().in_flight, 0);
    drop(first);
    assert_eq!((client.in_flight(), client.queued()), (1, 0));
    assert!(poll(&mut second).is_none());
    assert_eq!(client.probe.counts().in_flight, 1);
    first = second;
    drop(first);
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_service_panics_when_it_is_called_gives_its_permit_back() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let mut waiting = client.begin(Reply::panic_in_call());
    assert!(poll(&mut waiting).is_none());
    drop(call);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut waiting))).is_err());
    drop(waiting);
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_owns_the_service_that_was_polled_ready() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let mut waiting = client.pending();
    drop(call);
    assert!(poll(&mut waiting).is_none());
    assert_eq!(client.probe.counts().in_flight, 1);
    assert!(client.probe.misuses().is_empty());
}
