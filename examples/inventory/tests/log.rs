//! The records of calls in the log of the program.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::time::Duration;

use inventory::proto::{AvailableRequest, inventory_client::InventoryClient};
use process::Process;
use serde_json::Value;
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};
use tonic_prost::ProstCodec;

const SETTINGS: [(&str, &str); 3] = [
    ("INVENTORY_ADDR", "127.0.0.1:0"),
    ("INVENTORY_ADMIN_ADDR", "127.0.0.1:0"),
    ("INVENTORY_LOG", "json"),
];

/// Asks the gRPC health protocol about a service, whose name is the first field of a message.
async fn check(channel: &Channel, service: &str) -> Result<(), Code> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let request = Request::new(AvailableRequest { product_id: service.to_owned() });
    let codec = ProstCodec::<AvailableRequest, ()>::default();
    client.unary(request, path, codec).await.map(drop).map_err(|status| status.code())
}

#[tokio::test]
async fn each_call_has_a_record_with_its_status_and_probes_have_none() {
    let process = Process::start(env!("CARGO_BIN_EXE_inventory"), &SETTINGS);
    let endpoint = Channel::from_shared(format!("http://{}", process.addr)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    check(&channel, "").await.unwrap();
    check(&channel, "inventory.v1.Inventory").await.unwrap();
    let mut client = InventoryClient::new(channel);
    for (product, code) in [("mug", None), ("cup", Some(Code::NotFound))] {
        let answer = client.available(AvailableRequest { product_id: product.to_owned() }).await;
        assert_eq!(answer.err().map(|status| status.code()), code, "{product}");
    }
    drop(client);
    process.terminate();
    let (exit, log) = process.ended_within(Duration::from_secs(20));
    assert_eq!(exit, Some(0), "{log}");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let records: Vec<_> = lines.filter(|line| line["target"] == "battlement::access").collect();
    let statuses: Vec<_> = records
        .iter()
        .map(|record| (&record["url.path"], &record["rpc.status_code"], &record["outcome"]))
        .collect();
    let path = &Value::from("/inventory.v1.Inventory/Available");
    let [ok, not_found, code] = ["ok", "client_error", "NOT_FOUND"].map(Value::from);
    assert_eq!(statuses, [(path, &"OK".into(), &ok), (path, &code, &not_found)]);
}
