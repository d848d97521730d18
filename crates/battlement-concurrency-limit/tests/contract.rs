//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{error::Error, time::Duration};

use battlement_concurrency_limit::{
    ByResult, ConcurrencyLimitLayer, Handle, JudgeResult, Overloaded, QueuedConcurrencyLimitLayer,
    WithError, judge_error,
};
use battlement_core::Verdict;
use battlement_testkit::contract::{Contract, Local};
use tower::Layer;

/// A layer with its handle, which the contract inspects.
#[derive(Clone)]
struct Limited<L> {
    layer: L,
    handle: Handle,
}

impl<L> Limited<L> {
    fn of((layer, handle): (L, Handle)) -> Self {
        Self { layer, handle }
    }

    fn is_idle(&self) -> bool {
        let now = self.handle.snapshot();
        (now.in_flight, now.queued) == (0, 0)
    }
}

impl<S, L: Layer<S>> Layer<S> for Limited<L> {
    type Service = L::Service;

    fn layer(&self, inner: S) -> L::Service {
        self.layer.layer(inner)
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn classes() -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::fixed(100)
        .classes([("critical", 0.2), ("default", 0.0)])
        .class(|head| if head.uri.path() == "/orders" { "critical" } else { "default" })
}

#[tokio::test]
async fn a_limit_upholds_the_contract_and_holds_nothing_when_the_call_is_over() {
    let configurations: [fn() -> ConcurrencyLimitLayer; 6] = [
        || ConcurrencyLimitLayer::fixed(100),
        ConcurrencyLimitLayer::adaptive,
        ConcurrencyLimitLayer::aimd,
        classes,
        || ConcurrencyLimitLayer::adaptive().release_at_head(|_| true),
        || ConcurrencyLimitLayer::fixed(100).enabled(false),
    ];
    for configure in configurations {
        let make = move || Limited::of(configure().pair());
        Contract::new(make).idle(Limited::is_idle).run().await;
    }
}

#[tokio::test]
async fn a_limit_with_a_queue_upholds_the_contract() {
    for configure in [classes, ConcurrencyLimitLayer::adaptive] {
        let make = move || Limited::of(configure().queue(8, SECOND).pair());
        Contract::new(make).idle(Limited::is_idle).run().await;
    }
}

#[tokio::test]
async fn a_full_limit_upholds_the_contract_of_rejections() {
    Contract::new(|| Full::new(ConcurrencyLimitLayer::fixed(1))).rejects().run().await;
}

/// A layer whose only permit is taken.
#[derive(Clone)]
struct Full {
    layer: ConcurrencyLimitLayer,
    _taken: std::sync::Arc<dyn std::any::Any + Send + Sync>,
}

impl Full {
    fn new(layer: ConcurrencyLimitLayer) -> Self {
        let mut taken = layer.layer(tower::service_fn(async |_: http::Request<()>| {
            Ok::<_, std::io::Error>(http::Response::new(
                http_body_util::Full::<bytes::Bytes>::default(),
            ))
        }));
        let call = tower::Service::call(&mut taken, http::Request::new(()));
        Self { layer, _taken: std::sync::Arc::new(std::sync::Mutex::new(call)) }
    }
}

impl<S> Layer<S> for Full {
    type Service = <ConcurrencyLimitLayer as Layer<S>>::Service;

    fn layer(&self, inner: S) -> Self::Service {
        self.layer.layer(inner)
    }
}

#[derive(Clone, Copy)]
struct Judge;

impl<Res, E: Error + 'static> JudgeResult<Res, E> for Judge {
    fn judge(&self, result: Result<&Res, &E>) -> Verdict {
        judge_error(result)
    }
}

type AnyService = ByResult<Judge, WithError>;

fn unboxed<E: Error + 'static>(error: Box<dyn Error + Send + Sync>) -> Option<E> {
    assert!(!error.is::<Overloaded>());
    error.downcast().ok().map(|error| *error)
}

#[tokio::test]
async fn a_limit_upholds_the_contract_of_any_service() {
    for configure in [|| ConcurrencyLimitLayer::fixed(100), ConcurrencyLimitLayer::adaptive] {
        let make = move || -> Limited<ConcurrencyLimitLayer<AnyService>> {
            Limited::of(configure().judge(Judge).as_error().pair())
        };
        let contract = Contract::of_service_with_errors(make, || 1, 2, unboxed);
        contract.idle(Limited::is_idle).run().await;
    }
}

#[tokio::test]
async fn a_limit_with_a_queue_upholds_the_contract_of_any_service() {
    let make = || -> Limited<QueuedConcurrencyLimitLayer<AnyService>> {
        let layer = ConcurrencyLimitLayer::fixed(100).judge(Judge).as_error();
        Limited::of(layer.queue(8, SECOND).pair())
    };
    let contract = Contract::of_service_with_errors(make, || 1, 2, unboxed);
    contract.idle(Limited::is_idle).run().await;
}

#[tokio::test]
async fn a_service_that_is_neither_clone_nor_send_and_borrows_can_be_limited() {
    let limited = Limited::of(ConcurrencyLimitLayer::adaptive().pair());
    let local = Local::new();
    let service = limited.layer(limited.layer(local.service()));
    local.serve(service).await.unwrap();
    assert!(limited.is_idle());
}

#[test]
fn the_services_give_back_what_they_are_around() {
    let layer = ConcurrencyLimitLayer::fixed(1);
    let mut service = layer.layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
    let mut service = layer.queue(1, SECOND).layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!((service.get_ref().len(), service.into_inner().as_str()), (6, "inner!"));
}
