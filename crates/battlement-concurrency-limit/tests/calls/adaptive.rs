//! The calls from which an adaptive limit learns.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_concurrency_limit::{Algorithm, ConcurrencyLimitLayer, Window};
use battlement_core::{DropReason, Rejection, RejectionKind, dropping};
use battlement_testkit::probe::{Gate, ProbeBody, ProbeError, Reply};
use http::{Response, StatusCode};
use tokio::time::advance;

use super::support::{Client, MILLISECOND, poll};

/// An algorithm that counts, and sets the limit of the test.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    samples: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
    windows: Arc<AtomicU64>,
    latency: Arc<AtomicU64>,
    limit: usize,
}

impl Algorithm for Counts {
    fn on_window(&mut self, window: Window) -> usize {
        self.samples.fetch_add(window.samples, Relaxed);
        self.dropped.fetch_add(window.dropped, Relaxed);
        self.windows.fetch_add(1, Relaxed);
        let latency = u64::try_from(window.latency.as_millis()).unwrap();
        self.latency.store(latency, Relaxed);
        if self.limit == 0 { window.limit } else { self.limit }
    }
}

impl Counts {
    pub(crate) fn of(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Returns the samples and the drops.
    pub(crate) fn seen(&self) -> (u64, u64) {
        (self.samples.load(Relaxed), self.dropped.load(Relaxed))
    }
}

/// Makes 40 calls of 10 ms with replies that `reply` creates, and returns what the algorithm has seen of them.
async fn seen(reply: impl Fn() -> Reply) -> (u64, u64) {
    let counts = Counts::default();
    let client = Client::new(ConcurrencyLimitLayer::algorithm(counts.clone()).pair());
    for _ in 0..40 {
        let gate = Gate::new();
        let mut call = client.begin(reply().when(&gate));
        assert!(poll(&mut call).is_none());
        advance(10 * MILLISECOND).await;
        gate.open();
        let _ = call.await;
    }
    counts.seen()
}

fn status(status: u16) -> Reply {
    Reply::status(StatusCode::from_u16(status).unwrap())
}

fn rejected(kind: RejectionKind) -> Reply {
    let mut response = Response::new(ProbeBody::empty());
    *response.status_mut() = kind.status();
    response.extensions_mut().insert(Rejection::new(kind));
    Reply::respond(response)
}

fn grpc(code: &'static str) -> Reply {
    let mut response = Response::new(ProbeBody::empty());
    let headers = response.headers_mut();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("grpc-status", code.parse().unwrap());
    Reply::respond(response)
}

#[tokio::test(start_paused = true)]
async fn answers_are_samples_and_timeouts_and_overloads_of_the_service_are_drops() {
    for reply in [|| status(200), || status(304), || grpc("0")] {
        let (samples, dropped) = seen(reply).await;
        assert!(samples >= 20 && dropped == 0, "{samples} {dropped}");
    }
    let timeouts = || rejected(RejectionKind::Timeout);
    let replies: [fn() -> Reply; 5] =
        [|| status(503), || status(504), timeouts, || grpc("4"), || grpc("14")];
    for (index, reply) in replies.into_iter().enumerate() {
        let (samples, dropped) = seen(reply).await;
        assert!(dropped >= 20 && samples == 0, "{index}: {samples} {dropped}");
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_client_failures_and_local_rejections_are_neither() {
    let replies: [fn() -> Reply; 7] = [
        || status(404),
        || status(429),
        || status(500),
        || rejected(RejectionKind::RateLimited),
        || rejected(RejectionKind::Overloaded),
        || rejected(RejectionKind::CircuitOpen),
        || Reply::error(ProbeError::new("broken")),
    ];
    for (index, reply) in replies.into_iter().enumerate() {
        assert_eq!(seen(reply).await, (0, 0), "{index}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_timeout_drops_is_a_drop_and_one_whose_caller_left_is_nothing() {
    for (reason, is_drop) in [
        (Some(DropReason::Timeout), true),
        (Some(DropReason::Cancelled), false),
        (Some(DropReason::Shutdown), false),
        (None, false),
    ] {
        let counts = Counts::default();
        let client = Client::new(ConcurrencyLimitLayer::algorithm(counts.clone()).pair());
        for _ in 0..40 {
            let call = client.pending();
            advance(10 * MILLISECOND).await;
            match reason {
                Some(reason) => dropping(reason, || drop(call)),
                None => drop(call),
            }
        }
        let (samples, dropped) = counts.seen();
        assert_eq!((samples, dropped >= 20), (0, is_drop), "{reason:?}: {dropped}");
        assert_eq!(client.in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn latency_is_measured_to_the_head() {
    let counts = Counts::default();
    let client = Client::new(ConcurrencyLimitLayer::algorithm(counts.clone()).pair());
    let mut bodies = Vec::new();
    for _ in 0..20 {
        let gate = Gate::new();
        let mut call = client.begin(Reply::body(ProbeBody::empty().data("hello")).when(&gate));
        assert!(poll(&mut call).is_none());
        advance(10 * MILLISECOND).await;
        gate.open();
        bodies.push(call.await.unwrap());
        advance(90 * MILLISECOND).await;
        bodies.clear();
    }
    assert!((9..=11).contains(&counts.latency.load(Relaxed)), "{:?}", counts.latency);
}

/// Makes calls for a second.
pub(crate) async fn busy<S, B>(client: &Client<S>)
where
    S: tower::Service<http::Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    for _ in 0..200 {
        let gate = Gate::new();
        let mut call = client.begin(status(200).when(&gate));
        assert!(poll(&mut call).is_none());
        advance(Duration::from_millis(5)).await;
        gate.open();
        call.await.ok().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_an_algorithm_is_moved_into_the_bounds() {
    for (limit, expected) in [(1, 4), (100, 100), (5_000, 1_000)] {
        let counts = Counts::of(limit);
        let client = Client::new(ConcurrencyLimitLayer::algorithm(counts).pair());
        assert_eq!(client.now().limit, 20);
        busy(&client).await;
        assert_eq!(client.now().limit, expected);
    }
    let counts = Counts::of(5_000);
    let layer = ConcurrencyLimitLayer::algorithm(counts).bounds(30..=50);
    let client = Client::new(layer.pair());
    assert_eq!(client.now().limit, 30);
    busy(&client).await;
    assert_eq!(client.now().limit, 50);
}

#[tokio::test(start_paused = true)]
async fn an_algorithm_that_is_held_counts_and_does_not_act() {
    let counts = Counts::of(100);
    let client = Client::new(ConcurrencyLimitLayer::algorithm(counts.clone()).pair());
    client.handle.hold(true);
    busy(&client).await;
    assert_eq!((client.now().limit, client.now().is_held), (20, true));
    assert!(counts.windows.load(Relaxed) >= 3);
    client.handle.hold(false);
    busy(&client).await;
    assert_eq!((client.now().limit, client.now().is_held), (100, false));
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_goes_on_from_the_limit_that_a_handle_has_set() {
    let counts = Counts::default();
    let client = Client::new(ConcurrencyLimitLayer::algorithm(counts.clone()).pair());
    client.handle.set_limit(70);
    busy(&client).await;
    assert_eq!(client.now().limit, 70);
    assert!(counts.windows.load(Relaxed) >= 3);
}
