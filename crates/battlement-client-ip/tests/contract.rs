//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;

use battlement_client_ip::{
    ClientIp, ClientIpLayer, ClientIpService, Forwarding, PeerAddr, Proxies, Via,
};
use battlement_core::RequestFacts;
use battlement_testkit::contract::{Contract, Local};
use http::Request;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

fn behind() -> ClientIpLayer {
    let proxies = Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
    ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for())
}

#[tokio::test]
async fn the_layer_upholds_the_contract() {
    Contract::new(ClientIpLayer::new).run().await;
}

#[tokio::test]
async fn a_layer_behind_proxies_upholds_the_contract() {
    Contract::new(behind).run().await;
}

#[tokio::test]
async fn a_disabled_layer_upholds_the_contract() {
    Contract::new(|| behind().enabled(false)).run().await;
}

#[tokio::test]
async fn a_service_that_borrows_and_is_neither_clone_nor_send_can_be_wrapped() {
    let local = Local::new();
    local.serve(behind().layer(local.service())).await.unwrap();
    assert_eq!(local.calls(), 1);
}

#[tokio::test]
async fn the_inner_service_is_accessible() {
    let mut service = behind().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.clone().into_inner(), "inner!");
}

async fn client(layer: &ClientIpLayer, request: Request<()>) -> Option<ClientIp> {
    let handler = service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(ClientIp::of(&request).cloned())
    });
    layer.layer(handler).oneshot(request).await.unwrap()
}

fn from_proxy() -> Request<()> {
    let mut request = Request::builder().header("x-forwarded-for", "192.0.2.1").body(()).unwrap();
    request.extensions_mut().insert(PeerAddr("10.0.0.1:4711".parse().unwrap()));
    request
}

#[tokio::test]
async fn a_disabled_layer_resolves_no_client() {
    assert_eq!(client(&behind().enabled(false), from_proxy()).await, None);
}

#[tokio::test]
async fn the_client_is_added_to_the_facts_of_an_outer_layer() {
    let facts = RequestFacts::starting(Instant::now());
    let mut request = from_proxy();
    request.extensions_mut().insert(facts.clone());
    let found = client(&behind(), request).await;
    assert_eq!(facts.client(), found.as_ref());
    assert_eq!(found.unwrap().ip.to_string(), "192.0.2.1");
}

#[tokio::test]
async fn a_client_that_an_outer_layer_has_resolved_is_kept() {
    let outer = ClientIp::new("203.0.113.9".parse().unwrap(), Via::Peer);
    let facts = RequestFacts::starting(Instant::now());
    facts.set_client(outer.clone());
    let mut request = from_proxy();
    request.extensions_mut().insert(facts);
    assert_eq!(client(&behind(), request).await, Some(outer));
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<ClientIpLayer>();
    is_send_and_sync::<ClientIpService<()>>();
    is_send_and_sync::<ClientIp>();
    is_send_and_sync::<Proxies>();
    is_send_and_sync::<Forwarding>();
}
