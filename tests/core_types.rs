//! The types of core, as two layers or two parts of a process use them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use battlement::{
    metrics::{Exposition, Format, HttpMetrics},
    request_id::{PropagateLayer, RequestIdLayer},
};
use battlement_core::{
    CallFacts, Deadline, ErrorChain, Failure, Phase, PhaseWriter, Phases, RequestFacts, Verdict,
    carry,
};
use battlement_testkit::{client::Http1, eventually};
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::Empty;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

/// Sets a deadline of 30 s, as a deadline layer does.
fn limited<B>(mut request: Request<B>) -> Request<B> {
    RequestFacts::of_or_start(&mut request).set_deadline(30 * SECOND, 60 * SECOND);
    request
}

#[tokio::test]
async fn a_handler_its_tasks_and_its_calls_have_the_deadline_of_the_request() {
    let upstream = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(CallFacts::current().deadline()))
    });
    let client = ServiceBuilder::new().layer(PropagateLayer::new()).service(upstream);
    let handler = service_fn(move |request: Request<()>| {
        let client = client.clone();
        async move {
            let deadline = Deadline::of(&request);
            assert_eq!(Deadline::current(), deadline);
            let spawned = tokio::spawn(carry(async { Deadline::current() })).await.unwrap();
            let called = client.oneshot(Request::new(())).await?.into_body();
            assert_eq!((spawned, called), (deadline, deadline));
            RequestFacts::of(&request).unwrap().move_deadline(40 * SECOND);
            assert_eq!(
                Deadline::current(),
                Some(Deadline::at(deadline.unwrap().instant() + 10 * SECOND))
            );
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let service =
        ServiceBuilder::new().layer(RequestIdLayer::new()).map_request(limited).service(handler);
    assert_eq!(service.oneshot(Request::new(())).await.unwrap().status(), 200);
}

#[tokio::test]
async fn client_layers_keep_the_proof_that_a_call_was_not_processed() {
    let closed = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = HttpMetrics::new();
    let client = ServiceBuilder::new()
        .layer(metrics.client_layer("closed"))
        .layer(PropagateLayer::new())
        .service(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::get(format!("http://{closed}/")).body(Empty::<Bytes>::new()).unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    let verdict = ErrorChain::default().verdict(&error);
    assert_eq!(verdict, Verdict::Failure(Failure::NotProcessed));
    let page = Exposition::new().metrics(&metrics).render(Format::Text);
    assert!(page.contains("http_client_request_duration_seconds_count{"), "{page}");
}

#[tokio::test]
async fn an_outer_layer_reads_what_an_inner_one_overrides_for_its_route() {
    #[derive(Debug, PartialEq)]
    struct LogLevel(&'static str);
    let quiet = Arc::new(LogLevel("debug"));
    let route = ServiceBuilder::new()
        .map_request(move |request: Request<()>| {
            RequestFacts::of(&request).unwrap().add_override(Arc::clone(&quiet));
            request
        })
        .service_fn(|_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) });
    let outer = service_fn(move |request: Request<()>| {
        let (mut route, facts) = (route.clone(), RequestFacts::of(&request).unwrap().clone());
        async move {
            assert_eq!(facts.overridden::<LogLevel>(), None);
            let response = route.ready().await?.call(request).await;
            assert_eq!(facts.overridden(), Some(&LogLevel("debug")));
            response
        }
    });
    let service = ServiceBuilder::new().layer(RequestIdLayer::new()).service(outer);
    assert_eq!(service.oneshot(Request::new(())).await.unwrap().status(), 200);
}

/// Serves `/ready`, and `/events`, whose stream ends when the process drains.
async fn server(phases: Phases, streams: Arc<AtomicUsize>) -> (SocketAddr, JoinHandle<()>) {
    let (ready, streaming) = (phases.clone(), phases.clone());
    let events = move || {
        streams.fetch_add(1, Relaxed);
        let phases = streaming.clone();
        let events = stream::unfold((phases, 0), |(phases, nth)| async move {
            if nth > 0 {
                phases.reached(Phase::Draining).await;
                return None;
            }
            Some((Ok::<_, Infallible>("first"), (phases, nth + 1)))
        });
        std::future::ready(Body::from_stream(events))
    };
    let is_ready = move || std::future::ready(if ready.is_draining() { 503 } else { 200 });
    let app = Router::new().route("/events", get(events)).route(
        "/ready",
        get(move || async move { http::StatusCode::from_u16(is_ready().await).unwrap() }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serve = axum::serve(listener, app).with_graceful_shutdown(phases.reached(Phase::Stopping));
    (addr, tokio::spawn(async move { serve.await.unwrap() }))
}

#[tokio::test]
async fn one_writer_ends_readiness_the_listener_and_a_stream_in_their_order() {
    let (writer, phases): (PhaseWriter, Phases) = Phases::new();
    let streams = Arc::new(AtomicUsize::new(0));
    let (addr, server) = server(phases, Arc::clone(&streams)).await;
    let mut streaming = Http1::connect(addr).await.unwrap();
    let events = tokio::spawn(async move { streaming.get("/events").await.unwrap() });
    assert!(eventually(10 * SECOND, || streams.load(Relaxed) == 1).await);
    let mut probe = Http1::connect(addr).await.unwrap();
    assert_eq!(probe.get("/ready").await.unwrap().status, 200);
    writer.advance(Phase::Unready);
    assert_eq!(probe.get("/ready").await.unwrap().status, 503);
    writer.advance(Phase::Stopping);
    assert!(!server.is_finished());
    writer.advance(Phase::Draining);
    assert_eq!(events.await.unwrap().body, "first");
    server.await.unwrap();
    assert!(Http1::connect(addr).await.is_err());
}
