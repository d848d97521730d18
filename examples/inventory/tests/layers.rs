//! The layers of the program, and its metrics. Needs `promtool`, for example from Debian's package `prometheus`.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use inventory::proto::{ReleaseRequest, inventory_client::InventoryClient};
use process::Process;
use tonic::{Code, Request, Status, transport::Channel};

fn start(settings: &[(&str, &str)]) -> Process {
    let free = [("INVENTORY_ADDR", "127.0.0.1:0"), ("INVENTORY_ADMIN_ADDR", "127.0.0.1:0")];
    Process::start(env!("CARGO_BIN_EXE_inventory"), &[&free, settings].concat())
}

async fn client(inventory: &Process) -> InventoryClient<Channel> {
    InventoryClient::connect(format!("http://{}", inventory.addr)).await.unwrap()
}

async fn release(client: &mut InventoryClient<Channel>) -> Result<(), Status> {
    client.release(ReleaseRequest { order_id: "order-1".into() }).await.map(drop)
}

/// Returns the output of `promtool check metrics` for a page in the text format.
fn promtool(page: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    promtool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().expect("promtool is missing: apt-get install prometheus");
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// Sends a GET request, and returns the whole response.
fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// Returns the page for Prometheus once it contains `sample`: a request is recorded after the end of its response.
fn page_with(process: &Process, sample: &str) -> String {
    let page = || {
        let response = get(process.admin, "/metrics");
        let (head, page) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        page.to_owned()
    };
    let found = (0..10_000).map(|_| page()).find(|page| page.contains(sample));
    found.unwrap_or_else(|| panic!("{sample} is missing: {}", page()))
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_recorded_by_method_on_a_page_that_promtool_accepts() {
    let inventory = start(&[]);
    release(&mut client(&inventory).await).await.unwrap();
    let page = page_with(
        &inventory,
        r#"rpc_server_call_duration_seconds_count{rpc_system_name="grpc",rpc_method="inventory.v1.Inventory/Release",rpc_status_code="OK"} 1"#,
    );
    for sample in [
        r#"rpc_method="inventory.v1.Inventory/Reserve",rpc_status_code="OK"} 0"#,
        r#"battlement_rate_limit_decisions_total{policy="address",decision="allow",source="memory"} 1"#,
        "process_resident_memory_bytes ",
        "battlement_build_info{version=",
    ] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
    assert_eq!(promtool(&page), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_beyond_its_limit_gets_resource_exhausted_with_an_id() {
    let inventory = start(&[("INVENTORY_CALLS_PER_MINUTE", "2")]);
    let mut client = client(&inventory).await;
    for _ in 0..2 {
        release(&mut client).await.unwrap();
    }
    let rejected = release(&mut client).await.unwrap_err();
    assert_eq!(rejected.code(), Code::ResourceExhausted);
    assert!(rejected.metadata().contains_key("x-request-id"), "{rejected:?}");
    assert!(rejected.metadata().contains_key("grpc-retry-pushback-ms"), "{rejected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_a_call_is_that_of_its_caller() {
    let inventory = start(&[]);
    let mut client = client(&inventory).await;
    release(&mut client).await.unwrap();
    let mut call = Request::new(ReleaseRequest { order_id: "order-1".into() });
    call.set_timeout(Duration::from_secs(20));
    client.release(call).await.unwrap();
    // The first call has the default of 30 seconds.
    let page = page_with(&inventory, "battlement_timeout_time_left_seconds_count 2\n");
    for sample in ["bucket{le=\"10.0\"} 0\n", "bucket{le=\"20.0\"} 1\n", "bucket{le=\"30.0\"} 2\n"]
    {
        let sample = format!("battlement_timeout_time_left_seconds_{sample}");
        assert!(page.contains(&sample), "{sample} is missing: {page}");
    }
}
