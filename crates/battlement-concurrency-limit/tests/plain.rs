//! A database query within a limit, which needs no HTTP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    error::Error,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitOpen, State, judge_boxed_error};
use battlement_concurrency_limit::{ConcurrencyLimitLayer, Overloaded, Reason, judge_error};
use battlement_retry::{Attempt, Next, RetryLayer, RetryPolicy};
use battlement_testkit::depends_on;
use battlement_timeout::{Elapsed, TimeoutLayer};
use futures_util::FutureExt as _;
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};

type BoxError = Box<dyn Error + Send + Sync>;

/// A query, and the course that it takes.
#[derive(Clone, Copy)]
enum Query {
    Succeeds,
    FailsOnce,
    Fails,
    Hangs,
}

#[derive(Clone, Default)]
struct Database {
    calls: Arc<AtomicUsize>,
}

impl Database {
    async fn run(self, query: Query) -> io::Result<u64> {
        let calls = self.calls.fetch_add(1, Relaxed);
        match query {
            Query::Hangs => std::future::pending().await,
            Query::Fails => Err(io::ErrorKind::ConnectionRefused.into()),
            Query::FailsOnce if calls == 0 => Err(io::ErrorKind::ConnectionRefused.into()),
            Query::FailsOnce | Query::Succeeds => Ok(7),
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_beyond_the_limit_is_not_made() {
    let database = Database::default();
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error().pair();
    let query = {
        let database = database.clone();
        layer.layer(service_fn(move |query| database.clone().run(query)))
    };
    let held = query.clone().oneshot(Query::Hangs);
    let mut held = Box::pin(held);
    assert!((&mut held).now_or_never().is_none());
    let error = query.clone().oneshot(Query::Succeeds).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Overloaded>().unwrap().reason(), Reason::Full);
    assert_eq!((handle.snapshot().in_flight, database.calls()), (1, 1));
    drop(held);
    assert_eq!(query.clone().oneshot(Query::Succeeds).await.unwrap(), 7);
    let error = query.oneshot(Query::Fails).await.unwrap_err();
    assert!(error.is::<io::Error>());
    assert_eq!(handle.snapshot().in_flight, 0);
}

/// Repeats a query that was not made.
#[derive(Clone)]
struct Repeat;

impl RetryPolicy<Query, u64, BoxError> for Repeat {
    fn clone_request(&self, query: &Query) -> Option<Query> {
        Some(*query)
    }

    fn next(&self, _: &Attempt, result: Result<&u64, &BoxError>) -> Next {
        match result {
            Err(error) if error.is::<io::Error>() => Next::Again,
            _ => Next::Stop,
        }
    }
}

/// Returns a retry, a breaker, a limit of 2 and a timeout around a query.
fn stack(
    database: &Database,
) -> (
    impl Service<Query, Response = u64, Error = BoxError, Future: Send> + Clone,
    battlement_circuit_breaker::Handle,
    battlement_concurrency_limit::Handle,
) {
    let (breaker, circuit) =
        CircuitBreakerLayer::new("database").judge(judge_boxed_error).as_error().pair();
    let limit = ConcurrencyLimitLayer::fixed(2).judge(judge_boxed_error).as_error();
    let (limit, permits) = limit.pair();
    let database = database.clone();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(Repeat))
        .layer(breaker)
        .layer(limit)
        .layer(TimeoutLayer::new(Duration::from_secs(1)).as_error())
        .service(service_fn(move |query| database.clone().run(query)));
    (service, circuit, permits)
}

#[tokio::test(start_paused = true)]
async fn retry_breaker_limit_and_timeout_act_around_one_query() {
    let database = Database::default();
    let (service, circuit, permits) = stack(&database);
    // The retry repeats a query that was refused.
    assert_eq!(service.clone().oneshot(Query::FailsOnce).await.unwrap(), 7);
    assert_eq!((database.calls(), permits.snapshot().in_flight), (2, 0));

    // The limit rejects the third query at once. The breaker does not count it, and the retry does not repeat it.
    let mut held: Vec<_> =
        (0..2).map(|_| Box::pin(service.clone().oneshot(Query::Hangs))).collect();
    for call in &mut held {
        assert!(call.now_or_never().is_none());
    }
    let error = service.clone().oneshot(Query::Succeeds).await.unwrap_err();
    assert!(error.is::<Overloaded>());
    assert_eq!((database.calls(), permits.snapshot().rejections), (4, 1));
    let counts = circuit.snapshot().counts;
    assert_eq!((counts.failures(), counts.ignored), (1, 1));

    // The timeout ends the queries that hang, which gives their permits back.
    for call in held {
        assert!(call.await.unwrap_err().is::<Elapsed>());
    }
    assert_eq!((circuit.snapshot().counts.timeout, permits.snapshot().in_flight), (2, 0));

    // The breaker opens, and no further query is made.
    while circuit.state() != State::Open {
        service.clone().oneshot(Query::Fails).await.unwrap_err();
    }
    let calls = database.calls();
    let error = service.oneshot(Query::Succeeds).await.unwrap_err();
    assert!(error.is::<CircuitOpen>());
    assert_eq!((database.calls(), permits.snapshot().in_flight), (calls, 0));
}

#[cfg(not(feature = "http"))]
#[tokio::test]
async fn without_http_calls_of_any_service_are_limited_by_default() {
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).pair();
    let mut query = layer.layer(service_fn(async |id: u32| Ok::<_, io::Error>(id)));
    let call = query.call(7);
    assert_eq!(handle.snapshot().in_flight, 1);
    assert!(query.call(8).await.unwrap_err().is::<Overloaded>());
    assert_eq!(call.await.unwrap(), 7);
}

#[test]
fn a_build_without_default_features_does_not_contain_http() {
    let folder = env!("CARGO_MANIFEST_DIR");
    assert!(!depends_on(folder, &["--no-default-features"], "http"));
    assert!(depends_on(folder, &[], "http"));
}
