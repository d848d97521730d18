use std::time::Duration;

use battlement_core::{Phase, Phases};
use battlement_health::{Health, Probe, grpc::HealthServer};
use battlement_testkit::{eventually, server::Server};
use tokio::time::timeout;
use tonic::Code;

use crate::{
    ORDERS,
    proto::health_check_response::ServingStatus::{NotServing, ServiceUnknown, Serving},
    site::{Client, Site, Watch},
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn each_service_is_not_serving_from_the_drain_on_except_those_of_liveness() {
    let health = Health::new();
    let grpc = HealthServer::new(&health)
        .service(ORDERS, Probe::Ready)
        .service("startup", Probe::Startup)
        .service("liveness", Probe::Live);
    let site = Site::of(health, grpc).await;
    site.health.drain();
    let listed = site.client.list().await.unwrap();
    let expected =
        [("", NotServing), ("liveness", Serving), (ORDERS, NotServing), ("startup", NotServing)];
    assert_eq!(listed, expected.map(|(name, status)| (name.to_owned(), status)).into());
    for (service, status) in expected {
        assert_eq!(site.client.check(service).await, Ok(status), "{service}");
    }
    assert_eq!(site.client.check("unknown").await, Err(Code::NotFound));

    // A registration comes too late to be served.
    let late = site.grpc.register("late", Probe::Ready).unwrap();
    late.serving(true);
    assert_eq!(site.client.check("late").await, Ok(NotServing));
}

#[tokio::test]
async fn each_watch_gets_not_serving_and_ends_with_the_drain() {
    let health = Health::new();
    let grpc =
        HealthServer::new(&health).service(ORDERS, Probe::Startup).service("liveness", Probe::Live);
    let site = Site::of(health, grpc).await;
    let expected = [
        ("", Serving, Some(NotServing)),
        (ORDERS, Serving, Some(NotServing)),
        ("liveness", Serving, None),
        ("unknown", ServiceUnknown, None),
    ];
    let mut watches = Vec::new();
    for (service, first, last) in expected {
        let mut watch = site.client.watch(service).await.unwrap();
        assert_eq!(watch.next().await, Some(first), "{service}");
        watches.push((watch, service, last));
    }
    site.health.drain();
    for (mut watch, service, last) in watches {
        if last.is_some() {
            assert_eq!(watch.next().await, last, "{service}");
        }
        assert_eq!(watch.next().await, None, "{service}");
    }
    assert!(eventually(10 * SECOND, || site.grpc.open_watches() == 0).await);
}

#[tokio::test]
async fn a_watch_that_begins_during_the_drain_is_refused_without_a_message() {
    let site = Site::new().await;
    site.health.drain();
    for service in ["", ORDERS] {
        let refused = site.client.watch(service).await.err().unwrap();
        assert_eq!(refused.code(), Code::Unavailable);
        assert_eq!(refused.message(), "the server is shutting down");
    }
}

#[tokio::test]
async fn the_phases_of_the_process_drain_as_well() {
    let (writer, phases) = Phases::new();
    let health = Health::builder().phases(phases).build();
    let grpc = HealthServer::new(&health);
    let site = Site::of(health, grpc).await;
    let mut watch = site.client.watch("").await.unwrap();
    let mut unknown = site.client.watch(ORDERS).await.unwrap();
    assert_eq!(watch.next().await, Some(Serving));
    assert_eq!(unknown.next().await, Some(ServiceUnknown));
    writer.advance(Phase::Unready);
    assert_eq!(site.client.check("").await, Ok(NotServing));
    assert_eq!(watch.next().await, Some(NotServing));
    assert_eq!(watch.next().await, None);
    assert_eq!(unknown.next().await, None);
}

/// Opens 100 Watches over ten connections, half of them of an unknown service.
async fn open_100(server: &Server) -> Vec<Watch> {
    let mut watches = Vec::new();
    for _ in 0..10 {
        let client = Client::connect(server).await;
        for number in 0..10 {
            let service = if number % 2 == 0 { "" } else { ORDERS };
            let mut watch = client.watch(service).await.unwrap();
            watch.next().await.unwrap();
            watches.push(watch);
        }
    }
    watches
}

/// Durations of real servers, which other tests would lengthen.
mod alone {
    use super::*;

    #[tokio::test]
    async fn a_server_with_100_open_watches_ends_within_a_second_of_the_drain() {
        let Site { health, grpc, server, client } = Site::new().await;
        let _watches = open_100(&server).await;
        drop(client);
        assert_eq!(grpc.open_watches(), 100);
        health.drain();
        timeout(SECOND, server.stop()).await.expect("an open Watch holds up the shutdown");
    }

    #[tokio::test]
    async fn the_same_server_goes_on_without_a_drain() {
        let Site { health: _health, server, client, .. } = Site::new().await;
        let _watches = open_100(&server).await;
        drop(client);
        timeout(SECOND, server.stop()).await.unwrap_err();
    }
}
