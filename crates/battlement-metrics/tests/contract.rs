//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_metrics::{HttpMetrics, Label, MetricsLayer};
use battlement_testkit::contract::{Contract, Local};
use tower::Layer;

fn is_idle(layer: &MetricsLayer) -> bool {
    layer.metrics().active() == 0
}

fn calls(layer: &MetricsLayer) -> u64 {
    layer.metrics().ended() + u64::try_from(layer.metrics().active()).unwrap()
}

#[tokio::test]
async fn the_server_s_layer_keeps_the_contract() {
    let layer = || HttpMetrics::new().server_layer();
    Contract::new(layer).idle(is_idle).counts(calls).run().await;
}

#[tokio::test]
async fn the_server_layer_with_every_setting_keeps_the_contract() {
    let layer = || {
        let builder = HttpMetrics::builder().body_sizes(true).time_to_first_byte(true);
        builder.labels([Label::ProtocolVersion]).route_table(["/{id}"]).build().server_layer()
    };
    Contract::new(layer).idle(is_idle).counts(calls).run().await;
}

#[tokio::test]
async fn the_layers_of_grpc_and_of_clients_keep_the_contract() {
    let layer = || HttpMetrics::new().grpc_layer();
    Contract::new(layer).idle(is_idle).counts(calls).run().await;
    let layer = || HttpMetrics::new().client_layer("payments");
    Contract::new(layer).idle(is_idle).counts(calls).run().await;
    let layer = || HttpMetrics::new().grpc_client_layer("payments");
    Contract::new(layer).idle(is_idle).counts(calls).run().await;
}

#[tokio::test]
async fn a_disabled_layer_keeps_the_contract() {
    let layer = || HttpMetrics::new().server_layer().enabled(false);
    Contract::new(layer).idle(|layer| calls(layer) == 0).run().await;
}

#[tokio::test]
async fn a_service_that_is_neither_clone_nor_send_and_borrows_can_be_wrapped() {
    let metrics = HttpMetrics::new();
    let local = Local::new();
    let service = metrics.server_layer().layer(metrics.client_layer("a").layer(local.service()));
    local.serve(service).await.unwrap();
    assert_eq!((metrics.ended(), metrics.active()), (2, 0));
}

#[tokio::test]
async fn the_service_gives_back_what_it_is_around() {
    let mut service = HttpMetrics::new().server_layer().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
}
