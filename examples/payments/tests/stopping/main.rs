//! Stops the program while a client never sends the rest of its request.

mod process;

use std::{net::TcpStream, time::Duration};

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

/// Longer than any test takes.
const LONG_DRAIN_MS: &str = "3600000";
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
    assert!(log.contains("still busy after 200ms"), "{log}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for begin in STATES {
        let mut payments = start(LONG_DRAIN_MS);
        let _client = begin(&payments);
        payments.terminate();
        payments.log_line("stopping");
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
    assert!(log.contains("all requests were answered"), "{log}");
}
