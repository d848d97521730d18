//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use battlement_shutdown::{DrainLayer, InFlight, Shutdown};
use battlement_testkit::contract::{Contract, Local};
use tower::Layer;

/// A layer with its counts, which the contract inspects.
#[derive(Clone)]
struct Drained {
    in_flight: InFlight,
    layer: DrainLayer,
}

impl Drained {
    fn new(configure: fn(DrainLayer) -> DrainLayer) -> Self {
        let shutdown = Shutdown::without_signals();
        let layer = configure(shutdown.layer());
        Self { in_flight: shutdown.handle().in_flight(), layer }
    }

    fn is_idle(&self) -> bool {
        self.in_flight.counts().iter().all(|(_, count)| *count == 0)
    }
}

impl<S> Layer<S> for Drained {
    type Service = <DrainLayer as Layer<S>>::Service;

    fn layer(&self, inner: S) -> Self::Service {
        self.layer.layer(inner)
    }
}

#[tokio::test]
async fn a_drain_upholds_the_contract_and_holds_nothing_when_the_call_is_over() {
    let configurations: [fn(DrainLayer) -> DrainLayer; 4] = [
        |layer| layer,
        |layer| layer.gradual(),
        |layer| layer.reject_late(Duration::from_secs(1)),
        |layer| layer.enabled(false),
    ];
    for configure in configurations {
        let make = move || Drained::new(configure);
        let contract = Contract::with_errors(make, Some, |error| error.downcast_ref().copied());
        contract.idle(Drained::is_idle).run().await;
    }
}

#[tokio::test]
async fn a_service_that_is_neither_clone_nor_send_and_borrows_can_be_wrapped() {
    let drained = Drained::new(|layer| layer);
    let local = Local::new();
    let service = drained.layer(drained.layer(local.service()));
    local.serve(service).await.unwrap();
    assert!(drained.is_idle());
}

#[tokio::test]
async fn the_service_gives_back_what_it_is_around() {
    let mut service = Drained::new(|layer| layer).layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
}
