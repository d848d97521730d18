//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_security_headers::{Csp, FetchMetadataLayer, SecurityHeadersLayer};
use battlement_testkit::contract::{Contract, Local};
use http::{HeaderValue, Request};
use tower::Layer;

#[tokio::test]
async fn every_preset_keeps_the_contract() {
    Contract::new(SecurityHeadersLayer::helmet).run().await;
    Contract::new(SecurityHeadersLayer::api).run().await;
    Contract::new(SecurityHeadersLayer::html).run().await;
    Contract::new(SecurityHeadersLayer::none).run().await;
}

#[tokio::test]
async fn a_layer_with_two_policies_and_a_disabled_one_uphold_the_contract() {
    Contract::new(|| SecurityHeadersLayer::html().header(Csp::api().report_only())).run().await;
    Contract::new(|| SecurityHeadersLayer::html().enabled(false)).run().await;
}

#[tokio::test]
async fn the_isolation_of_other_sites_keeps_it() {
    Contract::new(FetchMetadataLayer::new).run().await;
    Contract::new(|| FetchMetadataLayer::new().enabled(false)).run().await;
}

#[tokio::test]
async fn a_rejection_that_leaves_a_large_body_unread_closes_an_http1_connection() {
    let from_another_site = |request: &mut Request<_>| {
        let site = HeaderValue::from_static("cross-site");
        request.headers_mut().insert("sec-fetch-site", site);
    };
    Contract::new(FetchMetadataLayer::new).prepare(from_another_site).rejects().run().await;
}

#[tokio::test]
async fn a_service_that_borrows_and_is_neither_clone_nor_send_can_be_wrapped() {
    let local = Local::new();
    let service = SecurityHeadersLayer::html().layer(local.service());
    let response = local.serve(service).await.unwrap();
    assert!(response.headers().contains_key("content-security-policy"));
    assert_eq!(local.calls(), 1);
}

#[tokio::test]
async fn the_service_gives_back_what_it_is_around() {
    let mut service = SecurityHeadersLayer::api().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<SecurityHeadersLayer>();
    is_send_and_sync::<battlement_security_headers::CspNonce>();
    is_send_and_sync::<battlement_security_headers::SecurityPatch>();
}
