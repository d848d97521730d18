use std::future::pending;

use battlement_health::{Check, CheckState, Health, Probe, grpc::HealthServer};
use bytes::Bytes;
use http_body_util::Full;
use tonic::{Code, transport::Channel};
use tonic_health::{
    ServingStatus::{NotServing, Serving},
    pb::health_check_response::ServingStatus as Sent,
    server::health_reporter,
};
use tower::ServiceExt as _;

use crate::grpc::{ORDERS, Site};

#[tokio::test]
async fn tonic_health_is_serving_before_anything_has_run() {
    let (_reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    assert_eq!(site.client.check("").await, Ok(Sent::Serving));
}

#[tokio::test]
async fn ours_is_not_serving_until_each_critical_check_has_passed() {
    let check = Check::new("db", pending::<CheckState>).critical();
    let health = Health::builder().check(check).build();
    let mut site = Site::of(HealthServer::new(&health)).await;
    assert_eq!(site.client.check("").await, Ok(Sent::NotServing));
}

#[tokio::test]
async fn the_overall_status_of_tonic_health_ignores_its_services() {
    let (reporter, health) = health_reporter();
    reporter.set_service_status(ORDERS, NotServing).await;
    let mut site = Site::of(health).await;
    assert_eq!(site.client.check(ORDERS).await, Ok(Sent::NotServing));
    assert_eq!(site.client.check("").await, Ok(Sent::Serving));
}

#[tokio::test]
async fn tonic_health_refuses_a_watch_of_an_unknown_service() {
    let (_reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    assert_eq!(site.client.check(ORDERS).await, Err(Code::NotFound));
    let refused = site.client.watch(ORDERS).await.err().unwrap();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_watch_of_ours_outlives_the_registrations_of_its_service() {
    let health = Health::new();
    let server = HealthServer::new(&health);
    let mut site = Site::of(server.clone()).await;
    assert_eq!(site.client.check(ORDERS).await, Err(Code::NotFound));
    let mut watch = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::ServiceUnknown));
    for _ in 0..3 {
        let registration = server.register(ORDERS, Probe::Ready).unwrap();
        assert_eq!(watch.next().await, Some(Sent::Serving));
        drop(registration);
        assert_eq!(watch.next().await, Some(Sent::ServiceUnknown));
    }
}

#[tokio::test]
async fn tonic_health_sends_a_status_that_has_not_changed() {
    let (reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    let mut watch = site.client.watch("").await.unwrap();
    for _ in 0..3 {
        assert_eq!(watch.next().await, Some(Sent::Serving));
        reporter.set_service_status("", Serving).await;
    }
}

#[tokio::test]
async fn ours_sends_changes_alone() {
    let health = Health::new();
    let server = HealthServer::new(&health);
    let orders = server.register(ORDERS, Probe::Ready).unwrap();
    let mut site = Site::of(server).await;
    let mut watch = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    for _ in 0..3 {
        orders.serving(true);
        assert_eq!(site.client.check(ORDERS).await, Ok(Sent::Serving));
    }
    orders.serving(false);
    assert_eq!(watch.next().await, Some(Sent::NotServing));
}

#[tokio::test]
async fn tonic_health_ends_the_watch_of_a_service_that_is_cleared() {
    let (mut reporter, health) = health_reporter();
    reporter.set_service_status(ORDERS, Serving).await;
    let mut site = Site::of(health).await;
    let mut watch = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    reporter.clear_service_status(ORDERS).await;
    assert_eq!(watch.next().await, None);
}

/// Returns the code in the head of the response to List.
async fn list(site: &Site) -> Option<http::HeaderValue> {
    let channel = Channel::from_shared(site.server.url("")).unwrap().connect_lazy();
    let request = http::Request::post(site.server.url("/grpc.health.v1.Health/List"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Full::new(Bytes::from_static(&[0; 5]))));
    let response = channel.oneshot(request.unwrap()).await.unwrap();
    response.headers().get("grpc-status").cloned()
}

#[tokio::test]
async fn tonic_health_has_no_list() {
    let (_reporter, health) = health_reporter();
    let site = Site::of(health).await;
    assert_eq!(list(&site).await.unwrap(), "12"); // UNIMPLEMENTED

    let ours = Site::of(HealthServer::new(&Health::new())).await;
    assert_eq!(list(&ours).await, None); // a message follows
}
