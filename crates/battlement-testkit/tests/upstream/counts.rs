//! Tests of the counts, and of lists of behaviors.

use battlement_core::{Auto, Classify as _, Failure, Verdict};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    eventually,
    probe::ProbeBody,
    upstream::{ATTEMPT, Behavior, Upstream},
};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;

use crate::{DEADLINE, LATE, PATIENCE};

async fn order(client: &mut Http1, key: &str, behaviors: &[Behavior]) -> Collected {
    let request = Request::post("/")
        .header("idempotency-key", key)
        .header(Behavior::HEADER, Behavior::list(behaviors))
        .body(Full::<Bytes>::from("a teapot"));
    let response = client.send(request.unwrap()).await.unwrap();
    Collected::of(response).await.unwrap()
}

#[tokio::test]
async fn a_list_asks_for_one_behavior_per_attempt_and_the_last_repeats() {
    let upstream = Upstream::start().await.unwrap();
    let mut client = Http1::connect(upstream.addr()).await.unwrap();
    let behaviors = [Behavior::Error, Behavior::Overloaded(LATE), Behavior::Answer];
    for (attempt, status) in [("1", 500), ("2", 503), ("3", 200), ("4", 200)] {
        let response = order(&mut client, "a", &behaviors).await;
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(response.header(ATTEMPT), Some(attempt));
    }
    assert_eq!(order(&mut client, "b", &behaviors).await.status, 500);
    let counts = upstream.counts_of("a");
    assert_eq!((counts.received, counts.processed), (4, 2));
    assert_eq!((upstream.counts().received, upstream.counts().processed), (5, 2));
    assert_eq!(upstream.counts_of("c"), Default::default());
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_body_is_echoed_however_it_is_framed() {
    let upstream = Upstream::start().await.unwrap();
    let mut client = Http1::connect(upstream.addr()).await.unwrap();
    assert_eq!(order(&mut client, "a", &[Behavior::Answer]).await.text(), "a teapot");
    for http2 in [false, true] {
        let body = ProbeBody::from("first ").data("second ").data("third").stream();
        let request = Request::post("/").body(body).unwrap();
        let response = if http2 {
            Http2::connect(upstream.addr()).await.unwrap().send(request).await
        } else {
            client.send(request).await
        };
        let response = Collected::of(response.unwrap()).await.unwrap();
        assert_eq!(response.text(), "first second third", "HTTP/2: {http2}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_prevents_the_work_of_a_late_answer() {
    for http2 in [false, true] {
        let upstream = Upstream::start().await.unwrap();
        let request = Request::get("/").header(Behavior::HEADER, Behavior::Late(DEADLINE));
        let request = request.body(Full::<Bytes>::default()).unwrap();
        let call = async {
            if http2 {
                Http2::connect(upstream.addr()).await.unwrap().send(request).await
            } else {
                Http1::connect(upstream.addr()).await.unwrap().send(request).await
            }
        };
        assert!(timeout(PATIENCE, call).await.is_err());
        assert!(eventually(DEADLINE, || upstream.counts().in_flight == 0).await);
        assert_eq!((upstream.counts().received, upstream.counts().processed), (1, 0));
    }
}

#[tokio::test]
async fn a_port_is_refused_until_it_is_accepted_again() {
    let mut upstream = Upstream::start().await.unwrap();
    let addr = upstream.addr();
    let mut client = Http1::connect(addr).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().status, StatusCode::OK);
    upstream.refuse().await.unwrap();
    client.get("/").await.unwrap_err();
    Http1::connect(addr).await.unwrap_err();
    upstream.accept().unwrap();
    let mut client = Http1::connect(addr).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().status, StatusCode::OK);
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn other_streams_of_a_connection_are_answered_after_a_refused_one() {
    let upstream = Upstream::start().await.unwrap();
    let mut client = Http2::connect(upstream.addr()).await.unwrap();
    let request = Request::get("/").header(Behavior::HEADER, Behavior::RefuseStream);
    client.send(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap_err();
    assert_eq!(client.get("/").await.unwrap().status, StatusCode::OK);
    assert_eq!((upstream.counts().received, upstream.counts().refused), (1, 1));
}

#[tokio::test]
async fn later_streams_of_a_connection_that_goes_away_are_refused() {
    let upstream = Upstream::start().await.unwrap();
    let client = Http2::connect(upstream.addr()).await.unwrap();
    let calls = (0..40).map(|nth| {
        let behavior = if nth == 10 { Behavior::GoAway } else { Behavior::Answer };
        let request = Request::get("/")
            .header("idempotency-key", nth.to_string())
            .header(Behavior::HEADER, behavior)
            .body(Full::<Bytes>::default());
        let mut client = client.clone();
        tokio::spawn(async move {
            client.send(request.unwrap()).await.map_err(|error| Auto.error(&*error))
        })
    });
    for (nth, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        let call = call.await.unwrap();
        let counts = upstream.counts_of(&nth.to_string());
        match call {
            Ok(_) => assert_eq!((counts.processed, nth < 10), (1, true), "{nth}: {counts:?}"),
            Err(verdict) => {
                assert_eq!(verdict, Verdict::Failure(Failure::NotProcessed), "{nth}: {counts:?}");
                assert_eq!((counts.received, nth < 10), (0, false), "{nth}: {counts:?}");
            }
        }
    }
}
