//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_rate_limit::{
    Decision, Headers, Key, MissingKey, Observe, Policy, RateLimitLayer, Source,
};
use battlement_testkit::contract::{Contract, Local, Rule};
use http::HeaderName;
use tower::Layer;

#[derive(Default)]
struct Count(Arc<AtomicU64>);

impl Observe for Count {
    fn on_decision(&self, _: &Policy, _: Decision, _: Source) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Returns a layer that allows every call of the suite and adds no header.
fn quiet() -> RateLimitLayer {
    RateLimitLayer::new(Policy::per_second("all", 1_000_000), Key::global()).headers(Headers::None)
}

#[tokio::test]
async fn the_layer_keeps_the_contract_and_counts_across_clones_and_applications() {
    // The suite creates a layer for each rule, and checks the count of the last one.
    let decisions = Arc::new(AtomicU64::new(0));
    let counted = decisions.clone();
    let layer = quiet().observe(Count(counted));
    Contract::new(move || layer.clone()).counts(move |_| decisions.load(Relaxed)).run().await;
}

#[tokio::test]
async fn the_state_is_the_layer_s_however_often_it_is_applied() {
    let make = || {
        let (layer, handle) = quiet().pair();
        (layer, handle)
    };
    let (layer, handle) = make();
    let used = move |_: &RateLimitLayer| u64::from(handle.memory().cells() > 0);
    Contract::new(move || layer.clone()).idle(|_| true).run().await;
    assert_eq!(used(&quiet()), 1);
}

#[tokio::test]
async fn the_layer_keeps_the_contract_with_headers_refunds_and_information() {
    let layer = || {
        RateLimitLayer::new(Policy::new("all", 1_000, Duration::from_secs(1)), Key::global())
            .refund(|head| head.status.is_success())
            .expose(true)
    };
    // Other tests check the headers that it adds.
    Contract::new(layer).except(Rule::ResponsePasses).run().await;
}

#[tokio::test]
async fn a_disabled_layer_keeps_the_contract() {
    Contract::new(|| quiet().enabled(false)).run().await;
}

#[tokio::test]
async fn a_rejection_that_leaves_a_large_body_unread_closes_an_http1_connection() {
    let none_left = || RateLimitLayer::new(Policy::per_minute("one", 1), Key::global()).cost(|_| 2);
    Contract::new(none_left).rejects().run().await;
    let without_key = || {
        let key = Key::header(HeaderName::from_static("x-api-key"));
        RateLimitLayer::new(Policy::per_minute("one", 1), key).without_key(MissingKey::Deny)
    };
    Contract::new(without_key).rejects().run().await;
}

#[tokio::test]
async fn the_layer_wraps_a_service_that_is_neither_clone_nor_send_and_borrows() {
    let local = Local::new();
    let layer = RateLimitLayer::new(Policy::per_minute("one", 1), Key::global());
    let response = local.serve(layer.layer(local.service())).await.unwrap();
    assert_eq!(response.status(), 200);
    let response = local.serve(layer.layer(local.service())).await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(local.calls(), 1, "a rejected request never reaches the service");
}

#[test]
fn the_service_returns_the_service_inside() {
    let mut service = quiet().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.clone().into_inner(), "inner!");
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<RateLimitLayer>();
    is_send_and_sync::<battlement_rate_limit::Handle>();
    is_send_and_sync::<battlement_rate_limit::Memory>();
    is_send_and_sync::<Key>();
}
