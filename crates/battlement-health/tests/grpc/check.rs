use std::time::Duration;

use battlement_health::{Check, CheckState, Health, Probe, Status, grpc::HealthServer};
use battlement_testkit::eventually;
use tonic::Code;

use crate::{
    ORDERS,
    proto::health_check_response::ServingStatus::{NotServing, Serving},
    site::Site,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn the_empty_name_has_the_status_of_readiness() {
    let site = Site::new().await;
    assert_eq!(site.client.check("").await, Ok(Serving));
    let hold = site.health.hold("maintenance");
    assert_eq!(site.client.check("").await, Ok(NotServing));
    drop(hold);
    assert_eq!(site.client.check("").await, Ok(Serving));
}

#[tokio::test]
async fn a_service_has_the_status_of_its_probe() {
    let health = Health::new();
    let grpc = HealthServer::new(&health)
        .service("live", Probe::Live)
        .service("ready", Probe::Ready)
        .service("startup", Probe::Startup);
    let site = Site::of(health, grpc).await;
    let gate = site.health.gate("cache");
    assert_eq!(site.client.check("live").await, Ok(Serving));
    assert_eq!(site.client.check("ready").await, Ok(NotServing));
    assert_eq!(site.client.check("startup").await, Ok(NotServing));
    gate.open();
    for service in ["live", "ready", "startup"] {
        assert_eq!(site.client.check(service).await, Ok(Serving), "{service}");
    }
}

#[tokio::test]
async fn a_degraded_service_is_serving() {
    let site = Site::new().await;
    let degraded = || CheckState::Degraded { reason: "the breaker is open".into() };
    let _check = site.health.check(Check::of_state("billing", degraded)).unwrap();
    let is_degraded = || site.health.status(Probe::Ready) == Status::Degraded;
    assert!(eventually(10 * SECOND, is_degraded).await);
    assert_eq!(site.client.check("").await, Ok(Serving));
}

#[tokio::test]
async fn an_unknown_service_is_not_found() {
    let site = Site::new().await;
    assert_eq!(site.client.check(ORDERS).await, Err(Code::NotFound));
    let registration = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    assert_eq!(site.client.check(ORDERS).await, Ok(Serving));
    drop(registration);
    assert_eq!(site.client.check(ORDERS).await, Err(Code::NotFound));
}

#[tokio::test]
async fn a_service_that_is_switched_off_leaves_the_others_alone() {
    let site = Site::new().await;
    let orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    orders.serving(false);
    assert_eq!(site.client.check(ORDERS).await, Ok(NotServing));
    assert_eq!(site.client.check("").await, Ok(Serving));
    orders.serving(true);
    assert_eq!(site.client.check(ORDERS).await, Ok(Serving));
    // Switched on, it is no better than its probe.
    let _hold = site.health.hold("maintenance");
    assert_eq!(site.client.check(ORDERS).await, Ok(NotServing));
}
