use battlement_health::Probe;

use crate::{
    ORDERS,
    proto::health_check_response::ServingStatus::{NotServing, ServiceUnknown, Serving},
    site::Site,
};

#[tokio::test]
async fn a_watch_gets_the_status_at_once_and_each_change() {
    let site = Site::new().await;
    let mut watch = site.client.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(Serving));
    for _ in 0..3 {
        let hold = site.health.hold("maintenance");
        assert_eq!(watch.next().await, Some(NotServing));
        drop(hold);
        assert_eq!(watch.next().await, Some(Serving));
    }
}

#[tokio::test]
async fn a_watch_of_an_unknown_service_goes_on_and_learns_of_its_registration() {
    let site = Site::new().await;
    let mut watch = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(ServiceUnknown));
    let orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    assert_eq!(watch.next().await, Some(Serving));
    orders.serving(false);
    assert_eq!(watch.next().await, Some(NotServing));
    drop(orders);
    assert_eq!(watch.next().await, Some(ServiceUnknown));
    let _orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    assert_eq!(watch.next().await, Some(Serving));
}

#[tokio::test]
async fn a_status_is_not_repeated() {
    let site = Site::new().await;
    let mut watch = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(ServiceUnknown));
    // Each of these wakes the Watch. The round trips let it run before the next.
    let _payments = site.grpc.register("shop.v1.Payments", Probe::Ready).unwrap();
    site.client.check("").await.unwrap();
    let hold = site.health.hold("maintenance");
    site.client.check("").await.unwrap();
    drop(hold);
    site.client.check("").await.unwrap();
    let orders = site.grpc.register(ORDERS, Probe::Live).unwrap();
    assert_eq!(watch.next().await, Some(Serving));

    orders.serving(true);
    site.client.check("").await.unwrap();
    let _hold = site.health.hold("maintenance");
    site.client.check("").await.unwrap();
    orders.serving(false);
    assert_eq!(watch.next().await, Some(NotServing));
}
