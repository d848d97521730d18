//! Connections and permits during the wait before a retry.

use std::{convert::Infallible, sync::Arc, time::Duration};

use battlement::retry::{Observe, StopReason};
use battlement_testkit::{
    eventually,
    server::Server,
    upstream::{Behavior, Upstream},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use tokio::{sync::Semaphore, time::timeout};
use tower::{BoxError, Layer as _, ServiceExt as _, limit::ConcurrencyLimit, service_fn};

use crate::caller::{
    Caller, Count, DEADLINE,
    Protocol::{self, Http1, Http2},
    client, layer, request,
};

/// Counts the waits, and the calls that ended because the service was not ready.
#[derive(Debug, Default)]
struct Seen {
    waits: Count,
    not_ready: Count,
}

impl Observe for Seen {
    fn retry(&self, _: Duration) {
        self.waits.next();
    }

    fn stopped(&self, reason: StopReason) {
        if reason == StopReason::NotReady {
            self.not_ready.next();
        }
    }
}

#[tokio::test]
async fn a_service_that_is_not_ready_after_the_wait_ends_the_retry() {
    let upstream = Upstream::start().await.unwrap();
    let seen = Arc::<Seen>::default();
    let limited = ConcurrencyLimit::new(client(Http1), 1);
    let service = layer().observe(Arc::clone(&seen)).layer(limited);
    let overloaded = [Behavior::Overloaded(Duration::from_secs(1)), Behavior::Answer];
    let first = service.clone().oneshot(request(&upstream, Method::GET, "a", &overloaded));
    let first = tokio::spawn(first);
    // During the wait, another call takes the only permit and keeps it.
    assert!(eventually(DEADLINE, || seen.waits.get() == 1).await);
    let other = service.oneshot(request(&upstream, Method::GET, "b", &[Behavior::Hang]));
    let other = tokio::spawn(other);
    assert!(eventually(DEADLINE, || upstream.counts_of("b").in_flight == 1).await);
    let response = timeout(DEADLINE, first).await.expect("the retry waits in line").unwrap();
    assert_eq!(response.unwrap().status(), 503);
    assert_eq!(seen.not_ready.get(), 1);
    assert_eq!(upstream.counts_of("a").received, 1);
    other.abort();
}

#[tokio::test]
async fn a_short_failed_response_leaves_its_connection_to_the_retry() {
    for protocol in [Http1, Http2] {
        let upstream = Upstream::start().await.unwrap();
        let caller = Caller::new(&layer(), protocol);
        let overloaded = [Behavior::Overloaded(Duration::ZERO), Behavior::Answer];
        let request = request(&upstream, Method::GET, "7", &overloaded);
        assert_eq!(caller.send(request).await.unwrap().attempts, 2);
        assert_eq!(upstream.connections(), 1, "{protocol:?}");
    }
}

/// Answers once with 503, `Retry-After: 1` and a body that is long or does not end, then with 200.
async fn overloaded(protocol: Protocol, length: usize, ends: bool) -> Server {
    let received = Arc::<Count>::default();
    let service = service_fn(move |_: Request<Incoming>| {
        let is_first = received.next() == 1;
        async move {
            if !is_first {
                return Ok::<_, Infallible>(Response::new(Full::from("ordered").boxed()));
            }
            let data =
                stream::once(async move { Ok(Frame::data(Bytes::from(vec![b'x'; length]))) });
            let rest =
                stream::poll_fn(move |_| if ends { None.into() } else { std::task::Poll::Pending });
            let body = BodyExt::boxed(StreamBody::new(data.chain(rest)));
            let response = Response::builder().status(503).header("retry-after", "1");
            Ok(response.body(body).unwrap())
        }
    });
    match protocol {
        Http1 => Server::http1(service).await.unwrap(),
        Http2 => Server::http2(service).await.unwrap(),
    }
}

#[tokio::test]
async fn a_failed_response_holds_no_permit_during_the_wait() {
    for (protocol, length, ends) in
        [(Http1, 7, true), (Http1, 1 << 20, true), (Http1, 7, false), (Http2, 1 << 20, false)]
    {
        let server = overloaded(protocol, length, ends).await;
        let permits = Arc::new(Semaphore::new(1));
        let semaphore = Arc::clone(&permits);
        let client = client(protocol);
        // Keeps the permit until the end of the response body.
        let limited = service_fn(move |request| {
            let (client, permit) = (client.clone(), Arc::clone(&semaphore).try_acquire_owned());
            async move {
                let permit = permit.map_err(|_| BoxError::from("no permit"))?;
                let response = client.request(request).await?;
                Ok::<_, BoxError>(response.map(|body| {
                    body.map_frame(move |frame| {
                        let _ = &permit;
                        frame
                    })
                }))
            }
        });
        let seen = Arc::<Seen>::default();
        let service = layer().as_error().observe(Arc::clone(&seen)).layer(limited);
        let request = Request::get(server.url("/")).body(Full::<Bytes>::default()).unwrap();
        let call = tokio::spawn(service.oneshot(request));
        assert!(eventually(DEADLINE, || seen.waits.get() == 1).await);
        // The wait is a second, and a body that does not end is dropped after a tenth of it.
        let released = Duration::from_millis(800);
        assert!(eventually(released, || permits.available_permits() == 1).await);
        assert_eq!(call.await.unwrap().unwrap().status(), 200, "{protocol:?}, {length}, {ends}");
    }
}
