//! Payments over a real socket, and the program's check of its environment.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
};

use battlement::shutdown::{Report, Shutdown, ShutdownHandle};
use payments::Payments;
use tokio::{net::TcpListener, task::JoinHandle};

const CHARGE: &str =
    r#"{"order_id": "order-1", "amount_cents": 2400, "receipt_email": "ada@example.org"}"#;

/// Starts a server that runs until the handle stops it.
async fn start() -> (SocketAddr, ShutdownHandle, JoinHandle<anyhow::Result<Report>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let shutdown = Shutdown::without_signals();
    let handle = shutdown.handle();
    (addr, handle, tokio::spawn(payments::serve(listener, Payments::default(), shutdown)))
}

/// Sends a request, and returns the whole response, head and body.
async fn ask(addr: SocketAddr, request_line: &'static str, body: String) -> String {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        let length = body.len();
        write!(
            stream,
            "{request_line} HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\
             x-request-id: order-of-ada\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap()
}

async fn charge(addr: SocketAddr, body: &str) -> String {
    ask(addr, "POST /charges", body.to_owned()).await
}

#[tokio::test]
async fn an_order_is_charged_once_even_if_the_request_is_repeated() {
    let (addr, _stop, _) = start().await;
    let first = charge(addr, CHARGE).await;
    assert!(first.starts_with("HTTP/1.1 201"), "{first}");
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&first), body(&charge(addr, CHARGE).await));

    let other = charge(addr, &CHARGE.replace("2400", "4800")).await;
    assert!(other.starts_with("HTTP/1.1 409"), "{other}");
}

#[tokio::test]
async fn a_rejected_charge_has_a_status_with_the_reason() {
    let (addr, _stop, _) = start().await;
    for (body, status) in [
        (CHARGE.replace("2400", "100001"), "402"),
        (CHARGE.replace("2400", "0"), "422"),
        (CHARGE.replace("order-1", ""), "422"),
        (CHARGE.replace("ada", &"a".repeat(243)), "422"),
        ("{".to_owned(), "422"),
        (" ".repeat(17 * 1024), "413"),
    ] {
        let answer = charge(addr, &body).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
        assert!(answer.contains("application/problem+json"));
    }
    assert!(ask(addr, "GET /", String::new()).await.starts_with("HTTP/1.1 404"));
    assert!(ask(addr, "GET /charges", String::new()).await.contains("allow: POST"));
}

#[tokio::test]
async fn the_id_of_the_caller_is_returned() {
    let (addr, _stop, _) = start().await;
    assert!(charge(addr, CHARGE).await.contains("x-request-id: order-of-ada\r\n"));
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_ends() {
    let (addr, stop, server) = start().await;
    charge(addr, CHARGE).await;
    stop.trigger("the test is over");
    assert!(server.await.unwrap().unwrap().is_clean());
}

#[test]
fn an_invalid_environment_is_reported_in_full_at_startup() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_payments"));
    let output = program
        .env_clear()
        .envs([
            ("PAYMENTS_ADDR", "here"),
            ("PAYMENTS_LIMIT_CENTS", "0"),
            ("PAYMENTS_TRUSTED_PEERS", "storefront"),
            ("PAYMENTS_IDEMPOTENCY_KEYS_MAX", "10000001"),
            ("PAYMENTS_IDEMPOTENCY_KEY_SECONDS", "0"),
            ("PAYMENTS_FAULTS", "yes"),
            ("PAYMENTS_LIMIT", "9"),
        ])
        .output()
        .unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    for name in [
        "PAYMENTS_ADDR:",
        "PAYMENTS_LIMIT_CENTS:",
        "PAYMENTS_TRUSTED_PEERS:",
        "PAYMENTS_IDEMPOTENCY_KEYS_MAX:",
        "PAYMENTS_IDEMPOTENCY_KEY_SECONDS:",
        "PAYMENTS_FAULTS:",
        "\"PAYMENTS_LIMIT\":",
    ] {
        assert!(report.contains(name), "{name} is missing in: {report}");
    }
}
