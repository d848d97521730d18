//! Charges that are voided by a caller that does not know whether they were made.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use process::Process;

fn start() -> Process {
    let free = [("PAYMENTS_ADDR", "127.0.0.1:0"), ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0")];
    Process::start(env!("CARGO_BIN_EXE_payments"), &free)
}

/// Sends a request, and returns the whole response.
fn send(addr: SocketAddr, request_line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn charge(payments: &Process, order: &str) -> String {
    let body = format!(
        r#"{{"order_id": "{order}", "amount_cents": 2400, "receipt_email": "ada@example.org"}}"#
    );
    send(payments.addr, "POST /charges", &body)
}

/// Voids the charge of an order, and returns the response.
fn void(payments: &Process, order: &str) -> String {
    send(payments.addr, &format!("DELETE /charges/{order}"), "")
}

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap_or_else(|| panic!("{response:?}")).parse().unwrap()
}

fn ledger(payments: &Process) -> String {
    send(payments.admin, "GET /ledger", "").split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn a_charge_is_voided_once_however_often_the_request_is_sent() {
    let mut payments = start();
    for order in ["order-1", "order-2"] {
        assert_eq!(status(&charge(&payments, order)), 201);
    }
    for _ in 0..2 {
        assert_eq!(status(&void(&payments, "order-1")), 204);
    }
    assert_eq!(ledger(&payments), r#"{"charges":1,"orders":1}"#);
    payments.log_line("voided order=order-1");
}

#[test]
fn a_charge_that_arrives_after_its_void_is_not_made() {
    let payments = start();
    assert_eq!(status(&void(&payments, "order-1")), 204);
    let late = charge(&payments, "order-1");
    assert_eq!(status(&late), 409);
    assert!(late.contains(r#""code":"voided""#), "{late}");
    assert_eq!(ledger(&payments), r#"{"charges":0,"orders":0}"#);
}

#[test]
fn the_id_of_the_order_is_percent_encoded() {
    let payments = start();
    assert_eq!(status(&charge(&payments, "a/b 100%")), 201);
    assert_eq!(ledger(&payments), r#"{"charges":1,"orders":1}"#);
    assert_eq!(status(&void(&payments, "a%2Fb%20100%25")), 204);
    assert_eq!(ledger(&payments), r#"{"charges":0,"orders":0}"#);
    assert_eq!(status(&void(&payments, "%ff")), 400);
    for malformed in ["", &"x".repeat(65)] {
        assert_eq!(status(&void(&payments, malformed)), 422, "{malformed:?}");
    }
}

#[test]
fn another_method_on_a_charge_is_not_allowed() {
    let payments = start();
    let answer = send(payments.addr, "GET /charges/order-1", "");
    assert_eq!(status(&answer), 405);
    assert!(answer.contains("allow: DELETE\r\n"), "{answer}");
}
