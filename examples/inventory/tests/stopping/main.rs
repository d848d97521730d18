//! Stops the program while a client never sends the rest of its call.

mod process;

use std::{io::Read, time::Duration};

use process::Process;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// Longer than any test takes, and within the budget of a shutdown.
const LONG_DRAIN_MS: &str = "22000";
/// Far shorter than the long drain, and longer than a busy machine takes to end a process.
const SOON: Duration = Duration::from_secs(15);

fn start(drain_ms: &str) -> Process {
    let settings = [
        ("INVENTORY_ADDR", "127.0.0.1:0"),
        ("INVENTORY_ADMIN_ADDR", "127.0.0.1:0"),
        ("INVENTORY_DRAIN_MS", drain_ms),
    ];
    Process::start(env!("CARGO_BIN_EXE_inventory"), &settings)
}

/// Returns the bytes after which a client stops sending: none, half a preface, a preface, settings as well, the head
/// of a call, and half a message.
fn states() -> [Vec<u8>; 6] {
    let message = frame(0, 0, &[0, 0, 0, 0, 99, 10, 7]);
    [
        Vec::new(),
        PREFACE[..10].to_vec(),
        PREFACE.to_vec(),
        [PREFACE, SETTINGS].concat(),
        [PREFACE, SETTINGS, &head()].concat(),
        [PREFACE, SETTINGS, &head(), &message].concat(),
    ]
}

/// Returns a frame of the first stream (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
}

/// Returns the head of a call, as literals (RFC 7541, section 6.2.2) except for method and scheme.
fn head() -> Vec<u8> {
    let literal = |name: &[u8], value: &str| {
        [name, &[u8::try_from(value.len()).unwrap()], value.as_bytes()].concat()
    };
    let fields = [
        vec![0x83, 0x86],
        literal(&[0x04], "/inventory.v1.Inventory/Reserve"),
        literal(&[0x01], "inventory"),
        literal(&[0x0f, 0x10], "application/grpc"),
        literal(&[0x00, 2, b't', b'e'], "trailers"),
    ];
    frame(1, 4, &fields.concat())
}

#[test]
fn a_client_that_never_sends_the_rest_keeps_the_process_only_for_the_drain() {
    for sent in states() {
        let inventory = start("200");
        let _client = inventory.begin(&sent);
        inventory.terminate();
        let (code, log) = inventory.ended_within(SOON);
        // If the signal arrives before the connection is accepted, there is nothing to wait for.
        assert!(matches!(code, Some(0 | 1)), "{sent:?} ended with {code:?}: {log}");
    }
}

#[test]
fn a_process_that_cuts_off_a_call_logs_it() {
    let inventory = start("200");
    // The server sends its own settings first, so it has accepted the connection.
    let call = [PREFACE, SETTINGS].concat();
    let _client = inventory.begin_after(&call, &head());
    inventory.terminate();
    let (code, log) = inventory.ended_within(SOON);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("cut off: 1 request"), "{log}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for sent in states() {
        let mut inventory = start(LONG_DRAIN_MS);
        let _client = inventory.begin(&sent);
        inventory.terminate();
        inventory.log_line("shutdown started");
        inventory.terminate();
        let (code, log) = inventory.ended_within(SOON);
        assert!(matches!(code, Some(0 | 143)), "{code:?}: {log}");
    }
}

#[test]
fn a_process_without_clients_ends_at_once() {
    let inventory = start(LONG_DRAIN_MS);
    inventory.terminate();
    let (code, log) = inventory.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("shutdown complete"), "{log}");
}

#[test]
fn a_stopping_inventory_is_unready_and_still_accepts_calls() {
    let settings = [
        ("INVENTORY_ADDR", "127.0.0.1:0"),
        ("INVENTORY_ADMIN_ADDR", "127.0.0.1:0"),
        ("INVENTORY_SHUTDOWN_DELAY_MS", "10000"),
        ("INVENTORY_DRAIN_MS", "5000"),
    ];
    let mut inventory = Process::start(env!("CARGO_BIN_EXE_inventory"), &settings);
    let get = |inventory: &Process, path: &str| {
        let mut answer = String::new();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: inventory\r\nconnection: close\r\n\r\n");
        inventory.begin_admin(request.as_bytes()).read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get(&inventory, "/readyz").starts_with("HTTP/1.1 200 OK\r\n"));
    inventory.terminate();
    inventory.log_line("shutdown started: received SIGTERM");
    let unready = get(&inventory, "/readyz");
    assert!(unready.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{unready}");
    assert!(unready.contains("[-]shutdown failed: "), "not a problem: {unready}");
    assert!(get(&inventory, "/livez").starts_with("HTTP/1.1 200 OK\r\n"));
    let page = get(&inventory, "/metrics");
    assert!(page.contains("battlement_shutdown_phase{phase=\"unready\"} 1\n"), "{page}");
    // The server sends its settings on a new connection.
    drop(inventory.begin_after(&[PREFACE, SETTINGS].concat(), b""));
    inventory.terminate();
    assert_eq!(inventory.ended_within(SOON).0, Some(143));
}
