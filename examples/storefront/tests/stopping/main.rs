//! Stops the shop while clients never send the rest of their request, and while orders are in flight.
#![cfg(feature = "embedded")]

mod alone;
#[path = "../running/call.rs"]
mod call;
mod orders;
mod process;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use process::Process;

const ANSWERED: &[u8] = b"GET /products HTTP/1.1\r\nhost: shop\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"POST /orders HTTP/1.1\r\nhost: sh";
const HALF_A_BODY: &[u8] = b"POST /orders HTTP/1.1\r\nhost: shop\r\n\
    content-type: application/json\r\ncontent-length: 99\r\n\r\n{\"email\":";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// States in which a client can leave a connection.
const STATES: [fn(&Process) -> TcpStream; 5] = [
    |shop| shop.begin(HALF_A_HEAD),
    |shop| shop.begin_after(ANSWERED, HALF_A_HEAD),
    |shop| shop.begin(HALF_A_BODY),
    |shop| shop.begin_after(ANSWERED, HALF_A_BODY),
    |shop| shop.begin(PREFACE),
];

/// Longer than any test takes, and within the budget of a shutdown.
const LONG_DRAIN_MS: &str = "22000";
/// Far shorter than the long drain, and longer than a busy machine takes to end a process.
const SOON: Duration = Duration::from_secs(15);

fn start(settings: &[(&str, &str)]) -> Process {
    let free = [("STOREFRONT_ADDR", "127.0.0.1:0"), ("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0")];
    Process::start(env!("CARGO_BIN_EXE_storefront"), &[&free, settings].concat())
}

fn start_with_drain(drain_ms: &str) -> Process {
    start(&[("STOREFRONT_DRAIN_MS", drain_ms)])
}

#[test]
fn a_client_that_never_sends_the_rest_keeps_the_process_only_for_the_drain() {
    for (state, begin) in STATES.into_iter().enumerate() {
        let shop = start_with_drain("200");
        let _client = begin(&shop);
        shop.terminate();
        let (code, log) = shop.ended_within(SOON);
        // If the signal arrives before the first byte is read, there is nothing to wait for.
        assert!(matches!(code, Some(0 | 1)), "state {state} ended with {code:?}: {log}");
    }
}

#[test]
fn by_default_an_order_that_cannot_be_undone_keeps_the_process_for_fifteen_seconds() {
    let inventory = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", inventory.local_addr().unwrap());
    let an_hour = "3600000";
    let mut shop = start(&[
        ("INVENTORY_URL", &url),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", an_hour),
        ("STOREFRONT_TRY_TIMEOUT_MS", an_hour),
        ("STOREFRONT_DEADLINE_MS", an_hour),
    ]);
    let _client = shop.begin(&orders::order());
    // The order is in flight.
    let _call = call::accept(&inventory);
    shop.terminate();
    shop.log_line("shutdown started");
    let (code, log) = shop.ended_within(Duration::from_secs(15) + SOON);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("draining 15"), "{log}");
    assert!(log.contains("leaked guards: undo of an order"), "{log}");
}

#[test]
fn a_client_that_stops_in_the_middle_of_a_body_keeps_the_process_for_two_seconds() {
    let shop = start_with_drain(LONG_DRAIN_MS);
    let mut client = shop.begin_after(ANSWERED, HALF_A_BODY);
    shop.terminate();
    let (code, log) = shop.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    // If the signal arrives before the first byte is read, the connection is closed.
    assert!(answer.is_empty() || answer.contains("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for begin in STATES {
        let mut shop = start_with_drain(LONG_DRAIN_MS);
        let _client = begin(&shop);
        shop.terminate();
        shop.log_line("shutdown started");
        shop.terminate();
        let (code, log) = shop.ended_within(SOON);
        assert!(matches!(code, Some(0 | 143)), "{code:?}: {log}");
    }
}

#[test]
fn an_idle_client_does_not_keep_the_process() {
    let shop = start_with_drain(LONG_DRAIN_MS);
    let _client = shop.begin_after(ANSWERED, b"");
    shop.terminate();
    let (code, log) = shop.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("shutdown complete"), "{log}");
}

#[test]
fn a_stopping_shop_is_unready_and_still_answers_with_a_request_to_close_the_connection() {
    let settings = [("STOREFRONT_SHUTDOWN_DELAY_MS", "10000"), ("STOREFRONT_DRAIN_MS", "5000")];
    let mut shop = start(&settings);
    let ready = b"GET /readyz HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    assert!(answer(shop.begin_admin(ready)).starts_with("HTTP/1.1 200 OK\r\n"));
    let mut kept = shop.begin_after(ANSWERED, b"");
    shop.terminate();
    shop.log_line("shutdown started: received SIGTERM");
    assert!(answer(shop.begin_admin(ready)).starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    let metrics = b"GET /metrics HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    let page = answer(shop.begin_admin(metrics));
    assert!(page.contains("battlement_shutdown_phase{phase=\"unready\"} 1\n"), "{page}");
    kept.write_all(ANSWERED).unwrap();
    // Without the header, the connections would stay open.
    for connection in [kept, shop.begin(ANSWERED)] {
        let answer = answer(connection);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    shop.terminate();
    assert_eq!(shop.ended_within(SOON).0, Some(143));
}

/// Reads until the connection is closed.
fn answer(mut connection: TcpStream) -> String {
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}
