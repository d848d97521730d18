//! The gRPC health protocol, on the port of the calls.

use std::{num::NonZeroU32, time::Duration};

use battlement::shutdown::{Report, Shutdown, ShutdownHandle};
use inventory::{
    Inventory, Settings, Stock,
    proto::{AvailableRequest, inventory_client::InventoryClient},
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tonic::{
    Code, Request, Status, Streaming, client::Grpc, codegen::http::uri::PathAndQuery,
    transport::Channel,
};
use tonic_prost::ProstCodec;

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

/// `HealthCheckRequest` of the protocol.
#[derive(Clone, PartialEq, prost::Message)]
struct Check {
    #[prost(string, tag = "1")]
    service: String,
}

/// `HealthCheckResponse` of the protocol.
#[derive(Clone, PartialEq, prost::Message)]
struct Checked {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// A running service, and a connection to it.
struct Running {
    channel: Channel,
    shutdown: ShutdownHandle,
    ended: JoinHandle<anyhow::Result<Report>>,
}

async fn start(settings: Settings) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let inventory = Inventory::new(Stock::of_shop(), settings);
    let controller = Shutdown::without_signals();
    let health = inventory::health(controller.phases());
    let shutdown = controller.handle();
    let ended =
        tokio::spawn(
            async move { inventory::serve(listener, inventory, &health, controller).await },
        );
    let endpoint = Channel::from_shared(format!("http://{addr}")).unwrap();
    Running { channel: endpoint.connect().await.unwrap(), shutdown, ended }
}

/// Returns the status of a service.
async fn check(channel: &Channel, service: &str) -> Result<i32, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let request = Request::new(Check { service: service.to_owned() });
    let codec = ProstCodec::<Check, Checked>::default();
    client.unary(request, path, codec).await.map(|response| response.into_inner().status)
}

async fn watch(channel: &Channel, service: &str) -> Streaming<Checked> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let request = Request::new(Check { service: service.to_owned() });
    let codec = ProstCodec::<Check, Checked>::default();
    client.server_streaming(request, path, codec).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_service_and_the_whole_server_are_serving_and_other_names_are_unknown() {
    let running = start(Settings::default()).await;
    for service in ["", "inventory.v1.Inventory"] {
        assert_eq!(check(&running.channel, service).await.unwrap(), SERVING, "{service:?}");
    }
    let unknown = check(&running.channel, "inventory.v1.Other").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn the_limit_of_calls_does_not_apply_to_health() {
    let per_minute = NonZeroU32::MIN.to_string().parse().unwrap();
    let running = start(Settings { per_minute, ..Settings::default() }).await;
    let mut client = InventoryClient::new(running.channel.clone());
    let mut available = async || {
        let request = AvailableRequest { product_id: "mug".into() };
        client.available(request).await.map_err(|status| status.code()).map(drop)
    };
    assert_eq!(available().await, Ok(()));
    assert_eq!(available().await, Err(Code::ResourceExhausted));
    for _ in 0..10 {
        assert_eq!(check(&running.channel, "").await.unwrap(), SERVING);
    }
}

#[tokio::test]
async fn an_open_watch_reports_the_shutdown_and_does_not_hold_it_up() {
    let running = start(Settings::default()).await;
    let mut watch = watch(&running.channel, "inventory.v1.Inventory").await;
    assert_eq!(watch.message().await.unwrap().unwrap().status, SERVING);
    running.shutdown.trigger("the test");
    assert_eq!(watch.message().await.unwrap().unwrap().status, NOT_SERVING);
    assert_eq!(watch.message().await.unwrap(), None);
    let ended = timeout(Duration::from_secs(10), running.ended).await;
    let report = ended.expect("the drain lasts 15 s if a stream is open").unwrap().unwrap();
    assert!(report.is_clean(), "{report}");
}
