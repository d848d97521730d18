use std::time::Duration;

use battlement_health::{Health, Probe, grpc::HealthServer};
use battlement_testkit::eventually;
use tonic::Code;

use crate::{ORDERS, proto::health_check_response::ServingStatus::NotServing, site::Site};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn open_watches_are_limited_and_a_dropped_one_makes_room() {
    let health = Health::new();
    let grpc = HealthServer::new(&health).max_watches(2);
    let site = Site::of(health, grpc).await;
    let first = site.client.watch("").await.unwrap();
    let _second = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(site.grpc.open_watches(), 2);

    let refused = site.client.watch("").await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.message(), "too many open Watches; retry later, or use Check");
    assert!(site.client.check("").await.is_ok());

    drop(first);
    assert!(eventually(10 * SECOND, || site.grpc.open_watches() == 1).await);
    site.client.watch("").await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_larger_than_any_name_is_refused() {
    let site = Site::new().await;
    let longest = "a".repeat(256);
    let _service = site.grpc.register(longest.clone(), Probe::Ready).unwrap();
    assert!(site.client.check(&longest).await.is_ok());
    let larger = "a".repeat(1024);
    assert_eq!(site.client.check(&larger).await, Err(Code::OutOfRange));
    let refused = site.client.watch(&larger).await.err().unwrap();
    assert_eq!(refused.code(), Code::OutOfRange);
    assert_eq!(site.grpc.open_watches(), 0);
}

#[tokio::test]
async fn an_invalid_or_duplicate_name_is_refused_and_changes_nothing() {
    let site = Site::new().await;
    let orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    orders.serving(false);
    let long = "a".repeat(257);
    for (name, expected) in [
        ("", "must not be empty: the empty name is the whole server, which is always registered"),
        ("a b", r#"must be 1 to 256 visible ASCII characters, got "a b""#),
        (ORDERS, r#""shop.v1.Orders" is already registered; register each service once"#),
        (&long, &format!("must be 1 to 256 visible ASCII characters, got {:?}", "a".repeat(64))),
    ] {
        let error = site.grpc.register(name.to_owned(), Probe::Ready).unwrap_err();
        assert_eq!(error.to_string(), format!("gRPC health settings: service: {expected}"));
    }
    assert_eq!(site.client.list().await.unwrap().len(), 2);
    assert_eq!(site.client.check(ORDERS).await, Ok(NotServing));
}

#[tokio::test]
#[should_panic(expected = "is already registered")]
async fn a_duplicate_literal_panics() {
    let health = Health::new();
    let _ = HealthServer::new(&health).service(ORDERS, Probe::Ready).service(ORDERS, Probe::Live);
}
