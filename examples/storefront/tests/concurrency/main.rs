//! Limits of requests and calls in flight: browsing is shed before orders, and a slow service keeps few calls busy.
#![cfg(feature = "embedded")]

mod bulkhead;
#[path = "../breakers/inventory.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod inventory;
mod limit;
#[path = "../retries/payments.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod payments;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;
mod session;

use std::{net::SocketAddr, thread};

use running::{Answer, Storefront, send};

/// An order that is in stock.
const MUG: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 1}]}"#;

/// More orders than a customer may place.
const UNLIMITED: [(&str, &str); 2] = [
    ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "1000000"),
    ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1000000"),
];

/// Lets every answer of a service take this long.
fn slow_down(admin: SocketAddr, delay_ms: u32) {
    let fault = format!(
        r#"{{"kind": "slow", "every": 1, "delay_ms": {delay_ms}, "duration_seconds": 600}}"#
    );
    assert_eq!(send(admin, "POST", "/faults", b"", &fault).status, 204);
}

/// Makes this number of requests at once, and returns the answers.
fn at_once(number: usize, shop: &Storefront, method: &str, path: &str, body: &str) -> Vec<Answer> {
    let addr = shop.addr;
    thread::scope(|scope| {
        let request = || send(addr, method, path, b"", body);
        let requests: Vec<_> = (0..number).map(|_| scope.spawn(request)).collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn start(settings: &[(&str, &str)]) -> Storefront {
    Storefront::start(&[&UNLIMITED[..], settings].concat())
}
