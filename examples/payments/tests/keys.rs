//! Requests with an `Idempotency-Key`, to the program as a process.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use process::Process;

const CHARGE: &str =
    r#"{"order_id": "order-1", "amount_cents": 2400, "receipt_email": "ada@example.org"}"#;

fn start(settings: &[(&str, &str)]) -> Process {
    let free = [("PAYMENTS_ADDR", "127.0.0.1:0"), ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0")];
    Process::start(env!("CARGO_BIN_EXE_payments"), &[&free, settings].concat())
}

/// Sends a request with header lines, and returns the whole response.
fn send(addr: SocketAddr, request_line: &str, headers: &[&str], body: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn charge(payments: &Process, key: &str, body: &str) -> String {
    send(payments.addr, "POST /charges", &[&format!("idempotency-key: {key}")], body)
}

fn order(number: u32) -> String {
    CHARGE.replace("order-1", &format!("order-{number}"))
}

fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap()
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

fn ledger(payments: &Process) -> String {
    body(&send(payments.admin, "GET /ledger", &[], "")).to_owned()
}

fn metrics(payments: &Process) -> String {
    send(payments.admin, "GET /metrics", &[], "")
}

#[test]
fn a_key_gets_its_first_answer_again_and_charges_once() {
    let payments = start(&[]);
    let first = charge(&payments, "\"order-1\"", CHARGE);
    assert_eq!(status(&first), "201", "{first}");
    for _ in 0..3 {
        assert_eq!(body(&charge(&payments, "\"order-1\"", CHARGE)), body(&first));
    }
    assert_eq!(ledger(&payments), r#"{"charges":1,"orders":1}"#);
}

#[test]
fn a_declined_charge_stays_declined_under_its_key() {
    let payments = start(&[]);
    let declined = CHARGE.replace("2400", "100001");
    for _ in 0..2 {
        assert_eq!(status(&charge(&payments, "\"order-1\"", &declined)), "402");
    }
    assert_eq!(status(&charge(&payments, "\"order-1\"", CHARGE)), "422");
    assert_eq!(ledger(&payments), r#"{"charges":0,"orders":0}"#);
}

#[test]
fn a_key_with_another_body_gets_a_422_and_the_order_is_not_charged_again() {
    let payments = start(&[]);
    assert_eq!(status(&charge(&payments, "\"order-1\"", CHARGE)), "201");
    for other in [order(2), CHARGE.replace(": ", ":")] {
        let response = charge(&payments, "\"order-1\"", &other);
        assert_eq!(status(&response), "422", "{response}");
        assert!(response.contains(r#""code":"idempotency_key_reused""#), "{response}");
        assert!(response.contains("content-type: application/problem+json"), "{response}");
    }
    assert_eq!(ledger(&payments), r#"{"charges":1,"orders":1}"#);
}

#[test]
fn an_order_with_other_details_gets_a_409_under_another_key() {
    let payments = start(&[]);
    assert_eq!(status(&charge(&payments, "\"a\"", CHARGE)), "201");
    let other = charge(&payments, "\"b\"", &CHARGE.replace("2400", "4800"));
    assert_eq!(status(&other), "409", "{other}");
    // This conflict does not end by itself.
    assert!(!other.contains("retry-after"), "{other}");
    assert_eq!(status(&charge(&payments, "\"c\"", CHARGE)), "201");
    assert_eq!(ledger(&payments), r#"{"charges":1,"orders":1}"#);
}

#[test]
fn an_invalid_charge_may_be_corrected_under_its_key() {
    let payments = start(&[]);
    for invalid in ["{", &CHARGE.replace("2400", "0")] {
        assert_eq!(status(&charge(&payments, "\"order-1\"", invalid)), "422");
    }
    assert_eq!(status(&charge(&payments, "\"order-1\"", CHARGE)), "201");
}

#[test]
fn an_invalid_key_gets_a_problem_and_the_order_is_not_charged() {
    let payments = start(&[]);
    let long = format!("idempotency-key: \"{}\"", "a".repeat(256));
    for headers in [
        &["idempotency-key:"][..],
        &["idempotency-key: \"\""],
        &["idempotency-key: order-1"],
        &["idempotency-key: \"order-1"],
        &["idempotency-key: \"order-1\", \"order-1\""],
        &["idempotency-key: \"order-1\"", "idempotency-key: \"order-1\""],
        &[&long],
    ] {
        let response = send(payments.addr, "POST /charges", headers, CHARGE);
        assert_eq!(status(&response), "400", "{headers:?}: {response}");
        assert!(response.contains(r#""code":"invalid_idempotency_key""#), "{response}");
        assert!(response.contains("content-type: application/problem+json"), "{response}");
    }
    assert_eq!(ledger(&payments), r#"{"charges":0,"orders":0}"#);
}

#[test]
fn at_the_maximum_a_new_key_gets_a_503_until_the_first_expires() {
    let mut payments = start(&[
        ("PAYMENTS_IDEMPOTENCY_KEYS_MAX", "5"),
        ("PAYMENTS_IDEMPOTENCY_KEY_SECONDS", "3600"),
    ]);
    for number in 1..=5 {
        let response = charge(&payments, &format!("\"{number}\""), &order(number));
        assert_eq!(status(&response), "201", "{response}");
    }
    payments.log_line("idempotency keys are nearly full");
    let full = charge(&payments, "\"6\"", &order(6));
    assert_eq!(status(&full), "503", "{full}");
    assert!(full.contains(r#""code":"idempotency_keys_full""#), "{full}");
    let wait = full.split_once("retry-after: ").unwrap().1.split_once('\r').unwrap().0;
    assert!((3_000..=3_600).contains(&wait.parse().unwrap()), "{wait}");
    // A known key still has its answer, and a charge needs no key.
    assert_eq!(status(&charge(&payments, "\"1\"", &order(1))), "201");
    assert_eq!(status(&send(payments.addr, "POST /charges", &[], &order(6))), "201");
    let page = metrics(&payments);
    for sample in ["payments_idempotency_keys 5\n", "payments_idempotency_keys_max 5\n"] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
}

#[test]
fn the_fill_is_warned_of_once() {
    let payments = start(&[("PAYMENTS_IDEMPOTENCY_KEYS_MAX", "5")]);
    for number in 1..=6 {
        charge(&payments, &format!("\"{number}\""), &order(number));
    }
    payments.terminate();
    let (_, log) = payments.ended_within(std::time::Duration::from_secs(20));
    assert_eq!(log.matches("idempotency keys are nearly full").count(), 1, "{log}");
    assert!(log.contains("count=4 max=5"), "{log}");
}
