//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use battlement_access_log::{
    AccessLogLayer, AccessLogOverride, Format, Names, Observe, Outcome, Writer,
};
use battlement_testkit::contract::{Contract, Local};
use tower::Layer;

/// An observer that counts records.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU64>);

impl Observe for Count {
    fn recorded(&self, _: Outcome) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn writer() -> Writer {
    Writer::to(std::io::sink(), Format::Json(Names::OpenTelemetry))
}

#[tokio::test]
async fn the_layer_of_a_server_keeps_the_contract() {
    let count = Count::default();
    let layer = AccessLogLayer::new().writer(writer()).observe(count.clone());
    Contract::new(move || layer.clone()).counts(move |_| count.0.load(Relaxed)).run().await;
}

#[tokio::test]
async fn the_layer_of_a_client_keeps_the_contract() {
    let count = Count::default();
    let layer = AccessLogLayer::client("payments").writer(writer()).observe(count.clone());
    Contract::new(move || layer.clone()).counts(move |_| count.0.load(Relaxed)).run().await;
}

#[tokio::test]
async fn a_layer_without_a_subscriber_keeps_the_contract() {
    Contract::new(AccessLogLayer::new).run().await;
}

#[tokio::test]
async fn a_disabled_layer_keeps_the_contract() {
    Contract::new(|| AccessLogLayer::new().writer(writer()).enabled(false)).run().await;
}

#[tokio::test]
async fn the_layer_of_a_route_keeps_the_contract() {
    Contract::new(|| AccessLogOverride::new().off()).run().await;
}

#[tokio::test]
async fn a_service_that_is_neither_clone_nor_send_and_borrows_can_be_wrapped() {
    let count = Count::default();
    let layer = AccessLogLayer::new().writer(writer()).observe(count.clone());
    let local = Local::new();
    local.serve(layer.layer(local.service())).await.unwrap();
    assert_eq!(count.0.load(Relaxed), 1);
}

#[tokio::test]
async fn the_service_gives_back_what_it_is_around() {
    let mut service = AccessLogLayer::new().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
}
