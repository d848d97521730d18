use battlement_health::{Health, Probe, grpc::HealthServer};
use tonic::Code;

use crate::{
    ORDERS,
    proto::health_check_response::ServingStatus::{NotServing, Serving},
    site::Site,
};

#[tokio::test]
async fn list_returns_each_service_with_its_status() {
    let health = Health::new();
    let grpc = HealthServer::new(&health).service("live", Probe::Live);
    let site = Site::of(health, grpc).await;
    let _orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    let _hold = site.health.hold("maintenance");
    let listed = site.client.list().await.unwrap();
    let expected = [("", NotServing), ("live", Serving), (ORDERS, NotServing)];
    assert_eq!(listed, expected.map(|(name, status)| (name.to_owned(), status)).into());
}

#[tokio::test]
async fn list_returns_100_services_and_refuses_more() {
    let site = Site::new().await;
    let add = |number| site.grpc.register(format!("shop.v{number}.Orders"), Probe::Ready).unwrap();
    let _services: Vec<_> = (1..100).map(add).collect();
    assert_eq!(site.client.list().await.unwrap().len(), 100);

    let one_more = add(100);
    let refused = site.client.list().await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let expected = "the server has 101 services, and List returns at most 100; use Check";
    assert_eq!(refused.message(), expected);

    drop(one_more);
    assert_eq!(site.client.list().await.unwrap().len(), 100);
}
