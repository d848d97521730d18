//! Connections that drop before or after the upstream has done the work, and responses that ask for a wait.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement::retry::{Http, RetryLayer};
use battlement_testkit::upstream::{Behavior, Upstream};
use http::Method;
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::caller::{
    Answer, Caller,
    Protocol::{self, Http1, Http2},
    client, layer, request,
};

/// The result of a call: whether it succeeded, and the requests that the upstream received, processed and refused.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    succeeded: bool,
    received: u64,
    processed: u64,
    refused: u64,
}

/// Sends a request whose first attempt meets `behavior`.
async fn send(
    layer: &RetryLayer<Http>,
    protocol: Protocol,
    method: Method,
    behavior: Behavior,
) -> Sent {
    let upstream = Upstream::start().await.unwrap();
    let caller = Caller::new(layer, protocol);
    let answer = caller.send(request(&upstream, method, "7", &[behavior, Behavior::Answer])).await;
    let succeeded = matches!(&answer, Ok(Answer { status, body: Ok(body), .. }) if *status == 200 && body == "order 7");
    let counts = upstream.counts_of("7");
    assert_eq!(caller.attempts(), counts.received + counts.refused);
    Sent {
        succeeded,
        received: counts.received,
        processed: counts.processed,
        refused: counts.refused,
    }
}

#[tokio::test]
async fn a_connection_dropped_before_the_work_is_repeated_unless_the_request_is_unsafe() {
    // The end of a connection without a response does not tell the client whether the work was done.
    let drop = Behavior::RefuseStream;
    let saved = Sent { succeeded: true, received: 1, processed: 1, refused: 1 };
    assert_eq!(send(&layer(), Http1, Method::PUT, drop).await, saved);
    assert_eq!(send(&layer().idempotency_key(true), Http1, Method::POST, drop).await, saved);
    let lost = Sent { succeeded: false, received: 0, processed: 0, refused: 1 };
    assert_eq!(send(&layer(), Http1, Method::POST, drop).await, lost);
}

#[tokio::test]
async fn a_connection_dropped_after_the_work_is_repeated_only_if_doing_it_twice_is_safe() {
    let drop = Behavior::ResetHead;
    let saved = Sent { succeeded: true, received: 2, processed: 2, refused: 0 };
    let lost = Sent { succeeded: false, received: 1, processed: 1, refused: 0 };
    for protocol in [Http1, Http2] {
        assert_eq!(send(&layer(), protocol, Method::PUT, drop).await, saved, "{protocol:?}");
        let keyed = layer().idempotency_key(true);
        assert_eq!(send(&keyed, protocol, Method::POST, drop).await, saved, "{protocol:?}");
        assert_eq!(send(&layer(), protocol, Method::POST, drop).await, lost, "{protocol:?}");
    }
}

#[tokio::test]
async fn a_503_with_retry_after_is_repeated_after_that_time() {
    let overloaded = Behavior::Overloaded(Duration::from_secs(1));
    for protocol in [Http1, Http2] {
        let start = Instant::now();
        let saved = Sent { succeeded: true, received: 2, processed: 1, refused: 0 };
        assert_eq!(send(&layer(), protocol, Method::GET, overloaded).await, saved, "{protocol:?}");
        assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    }
    let start = Instant::now();
    let lost = Sent { succeeded: false, received: 1, processed: 0, refused: 0 };
    assert_eq!(send(&layer(), Http1, Method::POST, overloaded).await, lost);
    let long = Behavior::Overloaded(Duration::from_secs(3));
    assert_eq!(send(&layer(), Http1, Method::GET, long).await, lost);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_post_whose_connection_was_refused_is_repeated_once() {
    for (protocol, opens_at, attempts) in [(Http1, 2, 2), (Http2, 2, 2), (Http1, 3, 2)] {
        let mut upstream = Upstream::start().await.unwrap();
        upstream.refuse().await.unwrap();
        let post = request(&upstream, Method::POST, "7", &[Behavior::Answer]);
        let state = Arc::new(Mutex::new((0, upstream)));
        let port = Arc::clone(&state);
        let service = layer().layer(client(protocol).map_request(move |request| {
            let (sent, upstream) = &mut *port.lock().unwrap();
            *sent += 1;
            if *sent == opens_at {
                upstream.accept().unwrap();
            }
            request
        }));
        let answer = service.oneshot(post).await;
        let (sent, upstream) = &*state.lock().unwrap();
        assert_eq!((*sent, answer.is_ok()), (attempts, opens_at == 2), "{protocol:?}");
        assert_eq!(upstream.counts_of("7").processed, u64::from(opens_at == 2), "{protocol:?}");
    }
}
