use std::{future::pending, io};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, Reason, RunError};
use tokio::time::Instant;

use super::support::{Client, SECOND, poll};

type Result<T> = std::result::Result<T, io::Error>;

#[tokio::test]
async fn a_future_is_run_within_the_limit() {
    let (_, handle) = ConcurrencyLimitLayer::fixed(1).pair();
    let mut held = Box::pin(handle.run(pending::<Result<()>>()));
    assert_eq!(handle.snapshot().in_flight, 0);
    assert!(poll(&mut held).is_none());
    assert_eq!(handle.snapshot().in_flight, 1);
    let mut is_polled = false;
    let rejected = handle.run(async {
        is_polled = true;
        Result::Ok(7)
    });
    let Err(RunError::Overloaded(error)) = rejected.await else { panic!("the future was run") };
    assert_eq!((error.reason(), is_polled), (Reason::Full, false));
    drop(held);
    assert_eq!(handle.run(async { Result::Ok(7) }).await.unwrap(), 7);
    let failed = handle.run(async { Result::<()>::Err(io::Error::other("broken")) }).await;
    assert!(matches!(failed, Err(RunError::Failed(_))));
    assert_eq!(handle.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_future_waits_if_the_layer_has_a_queue() {
    let (_, handle) = ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair();
    let mut held = Box::pin(handle.run(pending::<Result<()>>()));
    assert!(poll(&mut held).is_none());
    let start = Instant::now();
    let Err(RunError::Overloaded(error)) = handle.run(async { Result::Ok(7) }).await else {
        panic!("the future was run")
    };
    assert_eq!((error.reason(), start.elapsed()), (Reason::QueueTimeout, SECOND));
    let mut waiting = Box::pin(handle.run(async { Result::Ok(7) }));
    assert!(poll(&mut waiting).is_none());
    assert_eq!(handle.snapshot().queued, 1);
    drop(held);
    assert_eq!(waiting.await.unwrap(), 7);
}

#[tokio::test]
async fn a_future_has_the_class_of_its_handle() {
    let layer = ConcurrencyLimitLayer::fixed(2).classes([("critical", 0.5), ("batch", 0.0)]);
    let (_, handle) = layer.pair();
    let (critical, batch) = (handle.class("critical"), handle.class("batch"));
    let mut one = Box::pin(batch.run(pending::<Result<()>>()));
    assert!(poll(&mut one).is_none());
    assert!(batch.run(async { Result::Ok(()) }).await.is_err());
    assert!(critical.run(async { Result::Ok(()) }).await.is_ok());
}

#[tokio::test]
#[should_panic(expected = "the layer has no class \"gold\"")]
async fn a_handle_of_an_unknown_class_panics() {
    let (_, handle) = ConcurrencyLimitLayer::fixed(2).pair();
    let _ = handle.class("gold");
}

#[tokio::test]
async fn a_limit_that_is_lowered_admits_no_call_until_there_is_room() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(3).pair());
    let mut calls = vec![client.pending(), client.pending(), client.pending()];
    client.handle.set_limit(2);
    assert_eq!((client.now().limit, client.in_flight()), (2, 3));
    calls.pop();
    assert_eq!(client.status().await, 503);
    calls.pop();
    assert_eq!(client.status().await, 200);
}

#[tokio::test]
#[should_panic(expected = "`limit` must be 1 to 2147483647, got 0")]
async fn a_limit_of_0_cannot_be_set() {
    ConcurrencyLimitLayer::fixed(3).pair().1.set_limit(0);
}

#[tokio::test]
async fn a_handle_shows_no_more_than_its_name_in_debug_output() {
    let (_, handle) = ConcurrencyLimitLayer::fixed(3).name("payments").pair();
    assert_eq!(handle.name(), "payments");
    assert_eq!(format!("{handle:?}"), r#"Handle { shared: Shared { name: "payments", .. }, .. }"#);
}
