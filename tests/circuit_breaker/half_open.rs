//! Half-open breakers: many callers, and few calls that reach the upstream.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use battlement::circuit_breaker::{CircuitBreakerLayer, OpenFor, State};
use battlement_testkit::{eventually, server::Server, upstream::Behavior};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::{task::JoinSet, time::sleep};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::stack::{DEADLINE, Outcome, Service, Stack, call, client};

const PROBES: usize = 3;

/// The calls that are in flight in an upstream.
#[derive(Debug, Default)]
struct Load {
    now: AtomicUsize,
    peak: AtomicUsize,
    is_failing: AtomicBool,
}

impl Load {
    /// Handles a call, which takes a while.
    async fn handle(self: Arc<Self>) -> StatusCode {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.peak.fetch_max(now, SeqCst);
        sleep(Duration::from_millis(20)).await;
        self.now.fetch_sub(1, SeqCst);
        let is_failing = self.is_failing.load(Relaxed);
        if is_failing { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    }
}

async fn serve(load: &Arc<Load>) -> Server {
    let load = Arc::clone(load);
    let service = service_fn(move |_: Request<Incoming>| {
        let load = Arc::clone(&load);
        async move {
            let mut response = Response::new(Full::<Bytes>::default());
            *response.status_mut() = load.handle().await;
            Ok::<_, std::io::Error>(response)
        }
    });
    Server::http1(service).await.unwrap()
}

#[tokio::test]
async fn in_half_open_64_callers_never_put_more_than_3_calls_at_once_on_the_upstream() {
    let load = Arc::new(Load { is_failing: true.into(), ..Load::default() });
    let server = serve(&load).await;
    let open_for = OpenFor::fixed(Duration::from_millis(100));
    let (breaker, handle) = CircuitBreakerLayer::new("upstream").open_for(open_for).pair();
    let service = breaker.layer(client(false));
    let service = service.map_response(|response| response.map(BodyExt::boxed_unsync));
    let service = Service::new(service);
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let (service, url) = (service.clone(), server.url("/"));
        callers.spawn(async move {
            loop {
                call(service.clone(), Request::get(&url).body(Full::default()).unwrap()).await;
                sleep(Duration::from_millis(1)).await;
            }
        });
    }
    let drained = || handle.state() == State::Open && load.now.load(SeqCst) == 0;
    assert!(eventually(DEADLINE, drained).await);
    assert!(load.peak.swap(0, SeqCst) > PROBES, "the callers do not load the upstream");

    let openings = handle.snapshot().openings;
    let tried = || handle.snapshot().openings >= openings + 10;
    assert!(eventually(DEADLINE, tried).await, "{:?}", handle.snapshot());
    assert_eq!(load.peak.load(SeqCst), PROBES);

    load.is_failing.store(false, Relaxed);
    assert!(eventually(DEADLINE, || handle.state() == State::Closed).await);
    assert_eq!(load.peak.swap(0, SeqCst).min(PROBES), PROBES);
}

#[tokio::test]
async fn of_20_calls_at_once_when_the_open_time_ends_3_are_probes_and_17_are_rejected() {
    let stack = Stack::start(false).await;
    stack.mode.set(Behavior::Error);
    stack.open().await;
    let received = stack.upstream.counts().received;
    stack.mode.set(Behavior::Late(Duration::from_millis(20)));
    sleep(stack.handle.snapshot().next_probe.unwrap()).await;

    let outcomes = join_all((0..20).map(|_| stack.call())).await;
    let of = |outcome| outcomes.iter().filter(|other| **other == outcome).count();
    assert_eq!((of(Outcome::Answered), of(Outcome::Rejected)), (PROBES, 20 - PROBES));
    assert_eq!(stack.upstream.counts().received - received, PROBES as u64);
    assert_eq!(stack.handle.state(), State::Closed);
}
