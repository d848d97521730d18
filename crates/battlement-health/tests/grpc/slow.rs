use battlement_health::Probe;
use tonic::transport::Channel;

use crate::{
    ORDERS,
    proto::health_check_response::ServingStatus::{NotServing, Serving},
    site::{Client, Site},
};

/// The length of one message with its prefix, in bytes.
const MESSAGE: u32 = 7;

#[tokio::test]
async fn a_slow_reader_gets_the_latest_status() {
    let site = Site::new().await;
    let orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    let endpoint = Channel::from_shared(site.server.url("")).unwrap();
    let slow = Client::of(endpoint.initial_stream_window_size(MESSAGE)).await;
    let mut watch = slow.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Serving));

    // The first change fills the window, and the others have to wait for it.
    for _ in 0..10 {
        orders.serving(false);
        site.client.check("").await.unwrap();
        orders.serving(true);
        site.client.check("").await.unwrap();
    }
    assert_eq!(watch.next().await, Some(NotServing));
    assert_eq!(watch.next().await, Some(Serving));

    // Nothing was queued: the next message is the next change.
    drop(orders);
    let _orders = site.grpc.register(ORDERS, Probe::Ready).unwrap();
    let _hold = site.health.hold("maintenance");
    assert_eq!(watch.next().await, Some(NotServing));
}
