//! Charges that fail by command, and the counts of the ledger.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use process::Process;
use tokio::time::Instant;

fn start(faults: &str) -> Process {
    let settings = [
        ("PAYMENTS_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_FAULTS", faults),
    ];
    Process::start(env!("CARGO_BIN_EXE_payments"), &settings)
}

/// Sends a request on a new connection, and reads until its end.
fn send(addr: SocketAddr, request_line: &str, body: &str) -> io::Result<String> {
    exchange(TcpStream::connect(addr)?, request_line, "", body)
}

/// Sends the last request of a connection, and reads until its end.
fn exchange(
    mut stream: TcpStream,
    request_line: &str,
    headers: &str,
    body: &str,
) -> io::Result<String> {
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}

/// Charges an order, and returns the status or the error of the connection.
fn charge(payments: &Process, order: u32) -> Result<u16, ErrorKind> {
    let answer = send(payments.addr, "POST /charges", &body(order));
    answer.map(|answer| status(&answer)).map_err(|error| error.kind())
}

/// Charges an order with a deadline of 100 ms, and returns the status.
fn charge_briefly(payments: &Process, order: u32) -> u16 {
    let stream = TcpStream::connect(payments.addr).unwrap();
    let brief = "x-request-timeout-ms: 100\r\n";
    status(&exchange(stream, "POST /charges", brief, &body(order)).unwrap())
}

fn body(order: u32) -> String {
    format!(
        r#"{{"order_id": "order-{order}", "amount_cents": 2400, "receipt_email": "ada@example.org"}}"#
    )
}

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap_or_else(|| panic!("{response:?}")).parse().unwrap()
}

fn begin(payments: &Process, body: &str) -> String {
    send(payments.admin, "POST /faults", body).unwrap()
}

/// Lets every n-th charge fail.
fn fail(payments: &Process, kind: &str, every: u32) {
    let body = format!(r#"{{"kind": "{kind}", "every": {every}, "duration_seconds": 600}}"#);
    let answer = begin(payments, &body);
    assert_eq!(status(&answer), 204, "{answer}");
}

fn counts(payments: &Process) -> (usize, usize) {
    let answer = send(payments.admin, "GET /ledger", "").unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let counts: serde_json::Value = serde_json::from_str(body).unwrap();
    let count = |name| counts[name].as_u64().unwrap().try_into().unwrap();
    (count("charges"), count("orders"))
}

const RESET: Result<u16, ErrorKind> = Err(ErrorKind::ConnectionReset);

#[test]
fn every_nth_charge_gets_a_503_and_is_not_made() {
    let payments = start("true");
    fail(&payments, "503", 3);
    let statuses = [1, 2, 3, 4, 5, 6].map(|order| charge(&payments, order));
    assert_eq!(statuses, [Ok(201), Ok(201), Ok(503), Ok(201), Ok(201), Ok(503)]);
    assert_eq!(counts(&payments), (4, 4));
}

#[test]
fn a_connection_is_reset_before_the_charge_or_after_it() {
    let payments = start("true");
    fail(&payments, "reset_before", 1);
    assert_eq!(charge(&payments, 1), RESET);
    assert_eq!(counts(&payments), (0, 0));
    fail(&payments, "reset_after", 1);
    assert_eq!(charge(&payments, 1), RESET);
    assert_eq!(counts(&payments), (1, 1));
}

#[test]
fn the_faults_come_in_turn() {
    let payments = start("true");
    fail(&payments, "in_turn", 1);
    assert_eq!(
        [1, 2, 3, 4].map(|order| charge(&payments, order)),
        [Ok(503), RESET, RESET, Ok(503)]
    );
    assert_eq!(counts(&payments), (1, 1));
}

#[test]
fn every_charge_of_a_share_gets_a_500_and_is_not_made() {
    let payments = start("true");
    let body = r#"{"kind": "500", "share": 0.5, "duration_seconds": 600}"#;
    assert_eq!(status(&begin(&payments, body)), 204);
    let statuses = [1, 2, 3, 4].map(|order| charge(&payments, order));
    assert_eq!(statuses, [Ok(201), Ok(500), Ok(201), Ok(500)]);
    assert_eq!(counts(&payments), (2, 2));
}

#[test]
fn connections_are_reset_as_soon_as_they_are_open() {
    let payments = start("true");
    let old = payments.begin_after(b"GET /charges HTTP/1.1\r\nhost: a\r\n\r\n", b"");
    fail(&payments, "refuse", 1);
    for order in [1, 2] {
        let error = charge(&payments, order).unwrap_err();
        // The client may write after the reset.
        assert!([ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error), "{error}");
    }
    // A connection that was open before ends at its next charge.
    let error = exchange(old, "POST /charges", "", &body(3)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(counts(&payments), (0, 0));
    assert_eq!(status(&send(payments.admin, "DELETE /faults", "").unwrap()), 204);
    assert_eq!(charge(&payments, 1), Ok(201));
}

#[test]
fn a_charge_that_hangs_is_not_answered_before_its_deadline_and_not_made() {
    let payments = start("true");
    fail(&payments, "hang", 1);
    assert_eq!(charge_briefly(&payments, 1), 504);
    assert_eq!(counts(&payments), (0, 0));
}

#[test]
fn a_slow_charge_is_made_at_once_and_answered_after_its_delay() {
    let payments = start("true");
    for (delay, order) in [(100, 1), (60_000, 2)] {
        let command = format!(
            r#"{{"kind": "slow", "every": 1, "duration_seconds": 600, "delay_ms": {delay}}}"#
        );
        assert_eq!(status(&begin(&payments, &command)), 204);
        if order == 1 {
            let begun = Instant::now();
            assert_eq!(charge(&payments, order), Ok(201));
            assert!(begun.elapsed() >= Duration::from_millis(100), "{:?}", begun.elapsed());
        } else {
            assert_eq!(charge_briefly(&payments, order), 504);
        }
    }
    assert_eq!(counts(&payments), (2, 2));
}

#[test]
fn an_answer_breaks_off_after_the_charge() {
    let payments = start("true");
    fail(&payments, "truncate", 1);
    let answer = send(payments.addr, "POST /charges", &body(1)).unwrap();
    assert_eq!(status(&answer), 201);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), length / 2, "{answer}");
    assert_eq!(counts(&payments), (1, 1));
}

#[test]
fn faults_end_by_command_and_other_requests_have_none() {
    let payments = start("true");
    fail(&payments, "503", 1);
    assert_eq!(status(&send(payments.addr, "GET /charges", "").unwrap()), 405);
    assert_eq!(status(&send(payments.addr, "POST /charges", "{").unwrap()), 422);
    assert_eq!(charge(&payments, 1), Ok(503));
    for _ in 0..2 {
        assert_eq!(status(&send(payments.admin, "DELETE /faults", "").unwrap()), 204);
    }
    assert_eq!(charge(&payments, 1), Ok(201));
}

#[test]
fn a_new_command_counts_from_the_start() {
    let payments = start("true");
    fail(&payments, "503", 2);
    assert_eq!(charge(&payments, 1), Ok(201));
    fail(&payments, "503", 2);
    assert_eq!([2, 3].map(|order| charge(&payments, order)), [Ok(201), Ok(503)]);
}

#[test]
fn an_invalid_command_gets_a_problem_that_names_the_field_and_changes_nothing() {
    let payments = start("true");
    fail(&payments, "503", 1);
    for (body, pointer) in [
        (r#"{"kind": "404", "every": 1, "duration_seconds": 1}"#, "/kind"),
        (r#"{"kind": "503", "every": 0, "duration_seconds": 1}"#, "/every"),
        (r#"{"kind": "503", "every": 1}"#, "/duration_seconds"),
        (r#"{"kind": "503", "every": 1, "duration_seconds": 601}"#, "/duration_seconds"),
    ] {
        let answer = begin(&payments, body);
        assert_eq!(status(&answer), 422, "{answer}");
        for part in ["application/problem+json", &format!(r#""pointer":"{pointer}""#)] {
            assert!(answer.contains(part), "{part} is missing: {answer}");
        }
    }
    assert_eq!(charge(&payments, 1), Ok(503));
}

#[test]
fn faults_are_off_unless_the_setting_allows_them() {
    let payments = start("false");
    let answer = begin(&payments, r#"{"kind": "503", "every": 1, "duration_seconds": 1}"#);
    assert_eq!(status(&answer), 404, "{answer}");
    assert_eq!(charge(&payments, 1), Ok(201));
    assert_eq!(counts(&payments), (1, 1));
}

#[test]
fn operators_endpoints_are_not_served_to_customers() {
    let payments = start("true");
    for request in ["GET /ledger", "POST /faults", "DELETE /faults"] {
        assert_eq!(status(&send(payments.addr, request, "").unwrap()), 404, "{request}");
    }
    let answer = send(payments.admin, "GET /faults", "").unwrap();
    assert_eq!(status(&answer), 405);
    assert!(answer.contains("allow: POST, DELETE"), "{answer}");
}
