//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_health::{Health, HealthLayer, HealthProbes, HealthService, Paths, ResponseBody};
use battlement_testkit::contract::{Contract, Local};
use tower::Layer;

fn layer() -> HealthLayer {
    HealthLayer::new(&Health::new())
}

#[tokio::test]
async fn the_layer_keeps_the_contract() {
    let configurations: [fn(HealthLayer) -> HealthLayer; 4] = [
        |layer| layer,
        HealthLayer::all_paths,
        |layer| layer.paths(Paths::node()),
        |layer| layer.enabled(false),
    ];
    for configure in configurations {
        let make = move || configure(layer());
        Contract::new(make).run().await;
    }
}

#[tokio::test]
async fn a_service_that_is_neither_clone_nor_send_and_borrows_can_be_wrapped() {
    let layer = layer();
    let local = Local::new();
    let response = local.serve(layer.layer(layer.layer(local.service()))).await.unwrap();
    assert_eq!((response.status(), local.calls()), (200.try_into().unwrap(), 1));
}

#[tokio::test]
async fn the_service_gives_back_what_it_is_around() {
    let mut service = layer().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.clone().into_inner(), "inner!");
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<HealthLayer>();
    is_send_and_sync::<HealthProbes<()>>();
    is_send_and_sync::<HealthService>();
    is_send_and_sync::<ResponseBody<()>>();
}
