//! A store whose answers have to be awaited, as behind a network.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_core::{Rejection, RejectionKind};
use battlement_rate_limit::{
    Decision, Headers, Key, Later, Memory, MemoryOr, Observe, Outcome, Policy, Query,
    RateLimitLayer, Source, Store, StoreError,
};
use battlement_testkit::contract::{Contract, Rule};
use http::{Request, Response};
use tokio::{sync::Semaphore, task};
use tokio_test::{assert_pending, task::spawn};
use tower::{Layer, Service, ServiceExt as _, service_fn};

use self::service::{Empty, answers, ok};

/// The store in memory, which answers once a permit is available.
#[derive(Clone, Debug)]
struct Slow {
    memory: Memory,
    gate: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    down: bool,
}

/// Counts waiting requests.
struct Wait(Arc<AtomicUsize>);

impl Wait {
    fn new(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Relaxed);
        Self(waiting.clone())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Slow {
    fn new(permits: usize) -> Self {
        let (memory, gate) = (Memory::default(), Arc::new(Semaphore::new(permits)));
        Self { memory, gate, waiting: Arc::default(), down: false }
    }

    fn later<T: Send + 'static>(&self, answer: T) -> Later<T> {
        let (wait, gate, down) = (Wait::new(&self.waiting), self.gate.clone(), self.down);
        Later::new(async move {
            let _wait = wait;
            gate.acquire().await.map_err(|_| StoreError::Failed)?.forget();
            task::yield_now().await;
            if down { Err(StoreError::Timeout) } else { Ok(answer) }
        })
    }
}

impl Store for Slow {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        self.later(self.memory.acquire(query))
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        self.later(self.memory.peek(query))
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        self.memory.refund(query, charged);
        Later::now(Ok(()))
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        self.memory.reset(query);
        self.later(())
    }
}

const MANY: usize = 1_000_000;

fn layer(policy: Policy, store: &Slow) -> RateLimitLayer<Slow> {
    RateLimitLayer::new(policy, Key::global()).store(store.clone())
}

#[tokio::test]
async fn a_layer_that_waits_for_its_store_keeps_the_contract() {
    let store = Slow::new(MANY);
    let waiting = store.waiting.clone();
    let quiet = move || layer(Policy::per_second("all", 1_000_000), &store).headers(Headers::None);
    // The number of polls depends on the store as well.
    Contract::new(quiet)
        .idle(move |_| waiting.load(Relaxed) == 0)
        .except(Rule::PolledOnDemand)
        .run()
        .await;
}

#[tokio::test]
async fn a_rejection_after_the_wait_that_leaves_a_large_body_unread_closes_an_http1_connection() {
    for down in [false, true] {
        let store = Slow { down, ..Slow::new(MANY) };
        let none_left = move || layer(Policy::per_day("day", 1), &store).cost(|_| 2);
        Contract::new(none_left).rejects().run().await;
    }
}

fn chosen<R: Store>(policy: Policy, remote: Option<R>) -> RateLimitLayer<MemoryOr<R>> {
    RateLimitLayer::new(policy, Key::global()).store(MemoryOr::from(remote))
}

#[tokio::test]
async fn a_layer_with_a_store_chosen_at_run_time_keeps_the_contract() {
    for remote in [None, Some(Slow::new(MANY))] {
        let waiting = remote.as_ref().map(|store| store.waiting.clone()).unwrap_or_default();
        let policy = || Policy::per_second("all", 1_000_000);
        let quiet = move || chosen(policy(), remote.clone()).headers(Headers::None);
        Contract::new(quiet)
            .idle(move |_| waiting.load(Relaxed) == 0)
            .except(Rule::PolledOnDemand)
            .run()
            .await;
    }
}

#[tokio::test]
async fn a_rejection_by_a_store_chosen_at_run_time_keeps_the_contract() {
    let down = Slow { down: true, ..Slow::new(MANY) };
    for remote in [None, Some(Slow::new(MANY)), Some(down)] {
        let none_left = move || chosen(Policy::per_day("day", 1), remote.clone()).cost(|_| 2);
        Contract::new(none_left).rejects().run().await;
    }
}

#[tokio::test]
async fn a_layer_uses_an_answer_that_the_chosen_store_has_already() {
    for remote in [None, Some(Memory::default())] {
        let layer = chosen(Policy::per_day("day", 1), remote);
        let first = answers(layer.layer(ok())).await;
        let limit = first.headers["ratelimit"].to_str().unwrap();
        assert_eq!((first.status.as_u16(), limit), (200, "\"day\";r=0;t=86400"));
        assert_eq!(answers(layer.layer(ok())).await.status, 429);
    }
}

#[tokio::test]
async fn the_answer_of_the_store_decides_and_sets_the_headers() {
    let layer = layer(Policy::per_day("day", 1), &Slow::new(MANY));
    let first = answers(layer.layer(ok())).await;
    assert_eq!(
        (first.status.as_u16(), &first.headers["ratelimit"]),
        (200, &"\"day\";r=0;t=86400".parse().unwrap())
    );
    assert_eq!(answers(layer.layer(ok())).await.status, 429);
}

#[tokio::test]
async fn a_waiting_request_uses_the_service_that_was_ready_and_leaves_a_clone() {
    let store = Slow::new(0);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let inner = service_fn(move |_: Request<()>| {
        counted.fetch_add(1, Relaxed);
        async { Ok::<_, std::convert::Infallible>(Response::new(Empty::new())) }
    });
    let mut service = layer(Policy::per_day("day", 5), &store).layer(inner);
    let mut call = spawn(service.ready().await.unwrap().call(Request::new(())));
    assert_pending!(call.poll());
    assert_eq!(calls.load(Relaxed), 0, "the service is not called before the store has answered");
    drop(call);
    assert_eq!((store.waiting.load(Relaxed), calls.load(Relaxed)), (0, 0));
    store.gate.add_permits(1);
    service.ready().await.unwrap().call(Request::new(())).await.unwrap();
    assert_eq!(calls.load(Relaxed), 1);
}

#[tokio::test]
async fn a_refund_goes_to_the_store() {
    let store = Slow::new(MANY);
    let layer = layer(Policy::per_day("day", 1), &store).refund(|head| head.status.is_success());
    for _ in 0..3 {
        assert_eq!(answers(layer.layer(ok())).await.status, 200);
    }
}

#[tokio::test]
async fn a_handle_waits_for_the_store_as_well() {
    let (layer, handle) = layer(Policy::per_day("day", 1), &Slow::new(MANY)).pair();
    let key = handle.key(&Request::new(())).unwrap();
    assert_eq!(answers(layer.layer(ok())).await.status, 200);
    assert!(handle.peek(key).await.unwrap().is_denied(&handle.policies()));
    handle.reset(key).await.unwrap();
    assert!(!handle.peek(key).await.unwrap().is_denied(&handle.policies()));
    assert_eq!(handle.store().memory.cells(), 0);
}

struct Failures(Arc<AtomicUsize>);

impl Observe for Failures {
    fn on_decision(&self, policy: &Policy, decision: Decision, source: Source) {
        let denied = Decision::Deny { wait: None };
        assert_eq!((policy.name(), decision, source), ("day", denied, Source::FAILURE));
        self.0.fetch_add(1, Relaxed);
    }
}

#[tokio::test]
async fn a_failed_store_results_in_a_503_without_rate_limit_headers() {
    let failures = Arc::new(AtomicUsize::new(0));
    let store = Slow { down: true, ..Slow::new(MANY) };
    let layer = layer(Policy::per_day("day", 1), &store).observe(Failures(failures.clone()));
    let response = layer.layer(ok()).oneshot(Request::new(())).await.unwrap();
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.kind(), RejectionKind::Unavailable);
    let answer = answers(layer.layer(ok())).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("ratelimit")));
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
    assert_eq!(problem["type"], expected);
    assert_eq!(problem["code"], "unavailable");
    assert_eq!(failures.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_awaited() {
    let store = Slow::new(0);
    let call = task::spawn(answers(layer(Policy::per_day("day", 1), &store).layer(ok())));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!call.is_finished());
    store.gate.add_permits(1);
    assert_eq!(call.await.unwrap().status, 200);
}
