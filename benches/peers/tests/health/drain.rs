use std::{net::Ipv4Addr, time::Duration};

use battlement_health::{Health, grpc::HealthServer};
use battlement_shutdown::{Phase, Shutdown};
use tokio::{net::TcpListener, time::timeout};
use tokio_stream::wrappers::TcpListenerStream;
use tonic_health::{
    ServingStatus::{NotServing, Serving},
    pb::health_check_response::ServingStatus as Sent,
    server::health_reporter,
};

use crate::{
    HANGS,
    grpc::{Client, ORDERS, Site},
};

/// Returns whether the server goes on after it was told to stop.
async fn hangs(site: Site) -> bool {
    drop(site.client);
    timeout(HANGS, site.server.stop()).await.is_err()
}

#[tokio::test]
async fn an_open_watch_of_tonic_health_holds_up_the_shutdown() {
    let (reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    let mut watch = site.client.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    reporter.set_service_status("", NotServing).await;
    assert_eq!(watch.next().await, Some(Sent::NotServing));
    assert!(hangs(site).await);

    // The same server ends without the watch.
    let (_reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    assert_eq!(site.client.check("").await, Ok(Sent::Serving));
    assert!(!hangs(site).await);
}

#[tokio::test]
async fn the_open_watches_of_ours_end_with_the_drain() {
    let health = Health::new();
    let mut site = Site::of(HealthServer::new(&health)).await;
    let mut watch = site.client.watch("").await.unwrap();
    let mut unknown = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    assert_eq!(unknown.next().await, Some(Sent::ServiceUnknown));
    health.drain();
    assert_eq!(watch.next().await, Some(Sent::NotServing));
    assert_eq!(watch.next().await, None);
    assert_eq!(unknown.next().await, None);
    assert!(!hangs(site).await);
}

#[tokio::test]
async fn a_drain_of_tonic_health_is_one_call_per_service_and_later_calls_undo_it() {
    let (reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    reporter.set_service_status("", NotServing).await;
    reporter.set_service_status(ORDERS, Serving).await;
    assert_eq!(site.client.check(ORDERS).await, Ok(Sent::Serving));
    reporter.set_service_status("", Serving).await;
    assert_eq!(site.client.check("").await, Ok(Sent::Serving));
}

#[tokio::test]
async fn a_shutdown_of_ours_does_not_wait_for_open_watches_or_report_them() {
    let zero = Duration::ZERO;
    let shutdown = Shutdown::without_signals().delay(zero).linger(zero);
    let health = Health::builder().phases(shutdown.phases()).build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder()
        .layer(shutdown.layer())
        .add_service(HealthServer::new(&health))
        .serve_with_incoming_shutdown(
            TcpListenerStream::new(listener),
            shutdown.phases().reached(Phase::Stopping),
        );
    let handle = shutdown.handle();
    let running = tokio::spawn(shutdown.run(server));

    let mut client = Client::connect(url).await;
    let mut watch = client.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    handle.trigger("the test");
    let report = timeout(HANGS, running).await.expect("a Watch holds up the shutdown").unwrap();
    assert_eq!(report.code(), 0, "{report}");
    assert_eq!(watch.next().await, Some(Sent::NotServing));
    assert_eq!(watch.next().await, None);
}
