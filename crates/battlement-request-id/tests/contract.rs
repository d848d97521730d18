//! Both layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_request_id::{PropagateLayer, RequestId, RequestIdLayer, TraceContext};
use battlement_testkit::contract::{Contract, Local};
use http::HeaderName;
use tower::Layer;

fn has_no_current_facts<L>(_: &L) -> bool {
    RequestId::current().is_none()
}

#[tokio::test]
async fn the_server_s_layer_keeps_the_contract() {
    Contract::new(RequestIdLayer::new).idle(has_no_current_facts).run().await;
}

#[tokio::test]
async fn a_layer_with_every_feature_enabled_upholds_the_contract() {
    let layer = || {
        RequestIdLayer::new()
            .correlation(HeaderName::from_static("x-correlation-id"))
            .trace_context(TraceContext::Own)
    };
    Contract::new(layer).idle(has_no_current_facts).run().await;
}

#[tokio::test]
async fn a_disabled_layer_upholds_the_contract() {
    Contract::new(|| RequestIdLayer::new().enabled(false)).idle(has_no_current_facts).run().await;
}

#[tokio::test]
async fn the_client_s_layer_keeps_the_contract() {
    Contract::new(PropagateLayer::new).run().await;
}

#[tokio::test]
async fn both_work_around_a_service_that_is_neither_clone_nor_send_and_borrows() {
    let local = Local::new();
    let service = RequestIdLayer::new().layer(PropagateLayer::new().layer(local.service()));
    let response = local.serve(service).await.unwrap();
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(local.calls(), 1);
}

#[tokio::test]
async fn the_services_give_back_what_they_are_around() {
    let mut server = RequestIdLayer::new().layer(String::from("inner"));
    server.get_mut().push('!');
    assert_eq!(server.get_ref(), "inner!");
    assert_eq!(server.into_inner(), "inner!");
    let mut client = PropagateLayer::new().layer(String::from("inner"));
    client.get_mut().push('!');
    assert_eq!(
        (client.get_ref().as_str(), client.clone().into_inner().as_str()),
        ("inner!", "inner!")
    );
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<RequestIdLayer>();
    is_send_and_sync::<PropagateLayer>();
    is_send_and_sync::<battlement_request_id::Generator>();
    is_send_and_sync::<battlement_request_id::Trust>();
    is_send_and_sync::<battlement_request_id::ResponseBody<()>>();
}
