use std::panic::{AssertUnwindSafe, catch_unwind};

use battlement_circuit_breaker::Counts;
use battlement_core::{DropReason, dropping};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::{advance, timeout};

use super::support::{Answer, End, Reply, SECOND, billing, counts, poll};

/// Returns the counts after a call that waited for `seconds` was dropped for `reason`.
async fn dropped_after(seconds: u32, reason: Option<DropReason>) -> Counts {
    let (client, handle) = billing();
    let call = client.pending(Reply::Hang);
    advance(seconds * SECOND).await;
    match reason {
        Some(reason) => dropping(reason, || drop(call)),
        None => drop(call),
    }
    counts(&handle)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_timeout_of_ours_drops_has_failed() {
    let counts = dropped_after(0, Some(DropReason::Timeout)).await;
    assert_eq!((counts.timeout, counts.total()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_has_failed_only_if_it_was_slow() {
    for reason in [None, Some(DropReason::Cancelled)] {
        let counts = dropped_after(1, reason).await;
        assert_eq!((counts.total(), counts.ignored), (0, 1));
        assert_eq!(dropped_after(2, reason).await.timeout, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outer_timeout_without_a_reason_opens_the_breaker() {
    let (client, handle) = billing();
    for _ in 0..5 {
        timeout(2 * SECOND, client.call(Reply::Hang)).await.unwrap_err();
    }
    assert_eq!(handle.state().as_str(), "open");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_ignored_however_long_the_call_has_waited() {
    assert_eq!(dropped_after(9, Some(DropReason::Shutdown)).await.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_never_polled_is_ignored() {
    let (client, handle) = billing();
    for reason in [DropReason::Timeout, DropReason::Cancelled] {
        let call = client.begin(Reply::Hang);
        advance(9 * SECOND).await;
        dropping(reason, || drop(call));
    }
    assert_eq!(counts(&handle).total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_says_nothing_about_the_service() {
    for reply in [Reply::Panic, Reply::PanicInCall] {
        let (client, handle) = billing();
        let mut call = client.begin(reply);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
        drop(call);
        assert_eq!((counts(&handle).total(), counts(&handle).ignored), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_a_panic_drops_has_failed() {
    let (client, handle) = billing();
    let call = client.pending(Reply::Hang);
    advance(2 * SECOND).await;
    let panics = move || {
        let _call = call;
        panic!("in the caller")
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!((counts(&handle).timeout, counts(&handle).ignored), (1, 0));
}

/// Polls the body of `answer` once, and returns whether a frame was there.
fn read(answer: &mut Answer) -> bool {
    poll(&mut answer.body_mut().frame()).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_ends_a_grpc_stream_after_an_hour_is_ignored() {
    let (client, handle) = billing();
    let mut answer = client.call(Reply::Grpc(End::Hang)).await.unwrap();
    assert!(read(&mut answer) && !read(&mut answer));
    advance(3_600 * SECOND).await;
    drop(answer);
    assert_eq!((counts(&handle).total(), counts(&handle).ignored), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_response_whose_body_is_dropped_half_read_was_a_success() {
    for reads in [0, 1, 2] {
        let (client, handle) = billing();
        let mut answer = client.call(Reply::Body(End::Hang)).await.unwrap();
        let _: Vec<bool> = (0..reads).map(|_| read(&mut answer)).collect();
        drop(answer);
        assert_eq!((counts(&handle).success, counts(&handle).total()), (1, 1), "{reads}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_a_timeout_drops_has_failed_only_while_its_caller_waits_for_it() {
    for make in [Reply::Body, Reply::Grpc] {
        for (reads, timeouts) in [(1, 0), (2, 1)] {
            let (client, handle) = billing();
            let mut answer = client.call(make(End::Hang)).await.unwrap();
            let _: Vec<bool> = (0..reads).map(|_| read(&mut answer)).collect();
            advance(60 * SECOND).await;
            dropping(DropReason::Timeout, || drop(answer));
            assert_eq!(counts(&handle).timeout, timeouts, "{:?} {reads}", make(End::Hang));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_has_failed() {
    let (client, handle) = billing();
    let mut answer = client.call(Reply::Body(End::Panic)).await.unwrap();
    assert!(read(&mut answer));
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut answer))).is_err());
    drop(answer);
    assert_eq!(counts(&handle).transport, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_as_long_as_that_of_the_service() {
    let (client, _) = billing();
    let answer = client.call(Reply::Body(End::Complete)).await.unwrap();
    assert!(!answer.body().is_end_stream());
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
}
