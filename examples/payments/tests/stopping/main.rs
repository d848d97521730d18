//! Stops the program while a client never sends the rest of its request.

mod alone;
mod process;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use process::Process;

const ANSWERED: &[u8] = b"GET /charges HTTP/1.1\r\nhost: payments\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"POST /charges HTTP/1.1\r\nhost: paym";
const HALF_A_BODY: &[u8] =
    b"POST /charges HTTP/1.1\r\nhost: payments\r\ncontent-length: 99\r\n\r\n{\"order_id\":";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// States in which a client can leave a connection.
const STATES: [fn(&Process) -> TcpStream; 5] = [
    |payments| payments.begin(HALF_A_HEAD),
    |payments| payments.begin_after(ANSWERED, HALF_A_HEAD),
    |payments| payments.begin(HALF_A_BODY),
    |payments| payments.begin_after(ANSWERED, HALF_A_BODY),
    |payments| payments.begin(PREFACE),
];

/// Longer than any test takes, and within the budget of a shutdown.
const LONG_DRAIN_MS: &str = "22000";
/// Far shorter than the long drain, and longer than a busy machine takes to end a process.
const SOON: Duration = Duration::from_secs(15);

fn start(drain_ms: &str) -> Process {
    let settings = [
        ("PAYMENTS_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_DRAIN_MS", drain_ms),
    ];
    Process::start(env!("CARGO_BIN_EXE_payments"), &settings)
}

#[test]
fn a_client_that_never_sends_the_rest_keeps_the_process_only_for_the_drain() {
    for (state, begin) in STATES.into_iter().enumerate() {
        let payments = start("200");
        let _client = begin(&payments);
        payments.terminate();
        let (code, log) = payments.ended_within(SOON);
        // If the signal arrives before the first byte is read, there is nothing to wait for.
        assert!(matches!(code, Some(0 | 1)), "state {state} ended with {code:?}: {log}");
    }
}

#[test]
fn a_process_that_cuts_off_a_request_logs_it() {
    let payments = start("200");
    let _client = payments.begin_after(ANSWERED, HALF_A_BODY);
    payments.terminate();
    let (code, log) = payments.ended_within(SOON);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("cut off: 1 request"), "{log}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for begin in STATES {
        let mut payments = start(LONG_DRAIN_MS);
        let _client = begin(&payments);
        payments.terminate();
        payments.log_line("shutdown started");
        payments.terminate();
        let (code, log) = payments.ended_within(SOON);
        assert!(matches!(code, Some(0 | 143)), "{code:?}: {log}");
    }
}

#[test]
fn an_idle_client_does_not_keep_the_process() {
    let payments = start(LONG_DRAIN_MS);
    let _client = payments.begin_after(ANSWERED, b"");
    payments.terminate();
    let (code, log) = payments.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("shutdown complete"), "{log}");
}

#[test]
fn stopping_payments_are_unready_and_still_answer_with_a_request_to_close_the_connection() {
    let settings = [
        ("PAYMENTS_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0"),
        ("PAYMENTS_SHUTDOWN_DELAY_MS", "10000"),
        ("PAYMENTS_DRAIN_MS", "5000"),
    ];
    let mut payments = Process::start(env!("CARGO_BIN_EXE_payments"), &settings);
    let ready = b"GET /readyz HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n";
    assert!(answer(payments.begin_admin(ready)).starts_with("HTTP/1.1 200 OK\r\n"));
    let mut kept = payments.begin_after(ANSWERED, b"");
    payments.terminate();
    payments.log_line("shutdown started: received SIGTERM");
    let unready = answer(payments.begin_admin(ready));
    assert!(unready.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{unready}");
    assert!(unready.contains("[-]shutdown failed: "), "not a problem: {unready}");
    let live = b"GET /livez HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n";
    assert!(answer(payments.begin_admin(live)).starts_with("HTTP/1.1 200 OK\r\n"));
    let metrics = b"GET /metrics HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n";
    let page = answer(payments.begin_admin(metrics));
    assert!(page.contains("battlement_shutdown_phase{phase=\"unready\"} 1\n"), "{page}");
    kept.write_all(ANSWERED).unwrap();
    // Without the header, the connections would stay open.
    for connection in [kept, payments.begin(ANSWERED)] {
        let answer = answer(connection);
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    payments.terminate();
    assert_eq!(payments.ended_within(SOON).0, Some(143));
}

/// Reads until the connection is closed.
fn answer(mut connection: TcpStream) -> String {
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}
