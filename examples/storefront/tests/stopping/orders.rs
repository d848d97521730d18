//! Orders whose clients disconnect before the shop is stopped: each is finished or undone before the process ends.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use crate::{ANSWERED, HALF_A_BODY, LONG_DRAIN_MS, SOON, call::accept, process::Process, start};

const CHARGED: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

const VOIDED: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A shop that is stopping while payments has received the charge of a disconnected client and has not responded.
struct Charging {
    shop: Process,
    payments: TcpListener,
    charge: TcpStream,
    _beside: Option<TcpStream>,
}

impl Charging {
    fn new(drain_ms: &str) -> Self {
        Self::beside(drain_ms, |_| None)
    }

    /// Creates the same state, with another client on a connection of its own.
    fn beside(drain_ms: &str, begin: fn(&Process) -> Option<TcpStream>) -> Self {
        let payments = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", payments.local_addr().unwrap());
        let mut shop = start(&[
            ("PAYMENTS_URL", &url),
            ("STOREFRONT_DRAIN_MS", drain_ms),
            ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "3600000"),
            ("STOREFRONT_TRY_TIMEOUT_MS", "3600000"),
            ("STOREFRONT_DEADLINE_MS", "3600000"),
            ("RUST_LOG", "info,battlement_serve=debug"),
        ]);
        let beside = begin(&shop);
        let client = shop.begin(&order());
        let mut charge = accept(&payments);
        assert!(charge.read(&mut [0; 1024]).unwrap() > 0);
        drop(client);
        shop.log_line("connection ended early");
        shop.terminate();
        shop.log_line("shutdown started");
        Self { shop, payments, charge, _beside: beside }
    }

    /// Waits for the request that voids the charge, and responds to it.
    fn void(&self) {
        let mut void = accept(&self.payments);
        let mut head = [0; 1024];
        let read = void.read(&mut head).unwrap();
        assert!(head[..read].starts_with(b"DELETE /charges/"), "{:?}", &head[..read]);
        void.write_all(VOIDED).unwrap();
    }
}

/// Returns the request of an order.
pub fn order() -> Vec<u8> {
    let body = r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;
    let length = body.len();
    format!(
        "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn an_order_whose_client_has_left_is_finished_before_the_process_ends() {
    let Charging { mut shop, mut charge, .. } = Charging::new(LONG_DRAIN_MS);
    charge.write_all(CHARGED).unwrap();
    shop.log_line("order placed");
    let (code, log) = shop.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    // The services in this process end after the last order.
    assert!(log.contains("shutdown started: the storefront has ended"), "{log}");
}

#[test]
fn an_order_that_takes_longer_than_the_drain_is_undone_before_the_process_ends() {
    let mut charging = Charging::new("2000");
    charging.shop.log_line("order not placed");
    charging.void();
    let (code, log) = charging.shop.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("inventory::service: released"), "{log}");
}

#[test]
fn a_second_signal_leaves_the_order_and_logs_it() {
    let Charging { shop, charge: _charge, .. } = Charging::new(LONG_DRAIN_MS);
    shop.terminate();
    let (code, log) = shop.ended_within(SOON);
    assert_eq!(code, Some(143), "{log}");
    assert!(log.contains("exit forced by SIGTERM"), "{log}");
    assert!(log.contains("leaked guards: order"), "{log}");
}

#[test]
fn a_client_that_keeps_the_process_does_not_keep_orders_from_being_undone() {
    // Shorter than the two seconds after which the other client is answered, unless this machine is very busy.
    let charging = Charging::beside("1000", |shop| Some(shop.begin_after(ANSWERED, HALF_A_BODY)));
    charging.void();
    let (code, log) = charging.shop.ended_within(SOON);
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {log}");
    assert!(log.contains("inventory::service: released"), "{log}");
    assert!(!log.contains("leaked guards"), "{log}");
}
