//! Calls that fail by command.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use inventory::proto::{AvailableRequest, Line, ReserveRequest, inventory_client::InventoryClient};
use process::Process;
use tokio::time::Instant;
use tonic::{Code, Request, Status, transport::Channel};

type Client = InventoryClient<Channel>;

fn start(faults: &str) -> Process {
    let settings = [
        ("INVENTORY_ADDR", "127.0.0.1:0"),
        ("INVENTORY_ADMIN_ADDR", "127.0.0.1:0"),
        ("INVENTORY_FAULTS", faults),
    ];
    Process::start(env!("CARGO_BIN_EXE_inventory"), &settings)
}

async fn client(inventory: &Process) -> Client {
    InventoryClient::connect(format!("http://{}", inventory.addr)).await.unwrap()
}

/// Sends a request to an endpoint for operators, and returns the whole response.
fn command(inventory: &Process, request_line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(inventory.admin).unwrap();
    let length = body.len();
    let head = format!("{request_line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
    write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap_or_else(|| panic!("{response:?}")).parse().unwrap()
}

/// Lets every n-th call fail.
fn fail(inventory: &Process, kind: &str, every: u32) {
    let body = format!(r#"{{"kind": "{kind}", "every": {every}, "duration_seconds": 600}}"#);
    let answer = command(inventory, "POST /faults", &body);
    assert_eq!(status(&answer), 204, "{answer}");
}

fn end(inventory: &Process) {
    assert_eq!(status(&command(inventory, "DELETE /faults", "")), 204);
}

/// Returns the mugs that are left.
async fn mugs(client: &mut Client) -> Result<u32, Status> {
    let available = client.available(AvailableRequest { product_id: "mug".into() }).await;
    available.map(|response| response.into_inner().quantity)
}

/// Reserves a mug for an order, within a second.
async fn reserve(client: &mut Client, order: u32) -> Result<(), Code> {
    let lines = vec![Line { product_id: "mug".into(), quantity: 1 }];
    let mut request = Request::new(ReserveRequest { order_id: order.to_string(), lines });
    request.set_timeout(Duration::from_secs(1));
    client.reserve(request).await.map(drop).map_err(|status| status.code())
}

#[tokio::test]
async fn every_nth_call_fails_with_a_status_and_does_nothing() {
    let inventory = start("true");
    let mut client = client(&inventory).await;
    for (kind, code) in [("503", Code::Unavailable), ("500", Code::Internal)] {
        let before = mugs(&mut client).await.unwrap();
        fail(&inventory, kind, 2);
        let statuses = [reserve(&mut client, 1).await, reserve(&mut client, 2).await];
        assert_eq!(statuses, [Ok(()), Err(code)]);
        end(&inventory);
        // The first call of the second kind is a repeated reservation.
        assert_eq!(
            mugs(&mut client).await.unwrap(),
            if kind == "503" { before - 1 } else { before }
        );
    }
}

#[tokio::test]
async fn a_connection_is_reset_before_the_work_or_after_it_or_when_it_is_opened() {
    let inventory = start("true");
    let mut client = client(&inventory).await;
    for (order, kind, left) in
        [(1, "reset_before", 10_000), (2, "reset_after", 9_999), (3, "refuse", 9_999)]
    {
        fail(&inventory, kind, 1);
        for _ in 0..2 {
            let code = reserve(&mut client, order).await.unwrap_err();
            // A connection that is refused may close before the call is written, which tonic reports as cancelled.
            let is_unsent = kind == "refuse" && code == Code::Cancelled;
            let is_cut = [Code::Unknown, Code::Unavailable].contains(&code);
            assert!(is_cut || is_unsent, "{kind}: {code:?}");
        }
        end(&inventory);
        // The client opens another connection.
        assert_eq!(mugs(&mut client).await.unwrap(), left, "{kind}");
    }
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_deadline_and_a_slow_one_was_made() {
    let inventory = start("true");
    let mut client = client(&inventory).await;
    for (order, kind, left) in [(1, "hang", 10_000), (2, "slow", 9_999)] {
        fail(&inventory, kind, 1);
        let begun = Instant::now();
        let code = reserve(&mut client, order).await.unwrap_err();
        assert!([Code::DeadlineExceeded, Code::Cancelled].contains(&code), "{kind}: {code:?}");
        assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
        end(&inventory);
        assert_eq!(mugs(&mut client).await.unwrap(), left, "{kind}");
    }
}

#[tokio::test]
async fn an_answer_breaks_off_after_the_work() {
    let inventory = start("true");
    let mut client = client(&inventory).await;
    fail(&inventory, "truncate", 1);
    let code = reserve(&mut client, 1).await.unwrap_err();
    assert!([Code::Internal, Code::Unknown].contains(&code), "{code:?}");
    end(&inventory);
    assert_eq!(mugs(&mut client).await.unwrap(), 9_999);
}

#[tokio::test]
async fn faults_are_off_unless_the_setting_allows_them() {
    let inventory = start("false");
    let body = r#"{"kind": "503", "every": 1, "duration_seconds": 1}"#;
    assert_eq!(status(&command(&inventory, "POST /faults", body)), 404);
    assert_eq!(mugs(&mut client(&inventory).await).await.unwrap(), 10_000);
}

#[test]
fn an_invalid_command_gets_a_problem_that_names_the_field() {
    let inventory = start("true");
    let body = r#"{"kind": "503", "every": 0, "duration_seconds": 1}"#;
    let answer = command(&inventory, "POST /faults", body);
    assert_eq!(status(&answer), 422, "{answer}");
    for part in ["application/problem+json", r#""pointer":"/every""#, "x-request-id: "] {
        assert!(answer.contains(part), "{part} is missing: {answer}");
    }
    assert_eq!(status(&command(&inventory, "GET /faults", "")), 405);
}
