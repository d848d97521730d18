//! Circuit breakers around payments and inventory: calls fail at once while a service fails, and recover with it.
#![cfg(feature = "embedded")]

mod alone;
mod inventory;
mod orders;
#[path = "../retries/payments.rs"]
mod payments;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;
mod session;
mod stock;

use payments::Payments;
use running::{Answer, Storefront, send};

/// An order that is in stock.
const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

/// The limits that apply if none is set, and more orders than a customer may place.
const SETTINGS: [(&str, &str); 5] = [
    ("STOREFRONT_UPSTREAM_TIMEOUT_MS", ""),
    ("STOREFRONT_TRY_TIMEOUT_MS", ""),
    ("STOREFRONT_DEADLINE_MS", ""),
    ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "1000000"),
    ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1000000"),
];

fn start(payments: &Payments) -> Storefront {
    Storefront::start(&[&SETTINGS[..], &[("PAYMENTS_URL", &payments.url())]].concat())
}

/// Places orders until an open breaker rejects one, and returns the answers.
fn order_until_open(shop: &Storefront) -> Vec<Answer> {
    let mut answers = Vec::new();
    while answers.last().is_none_or(|answer: &Answer| !is_circuit_open(answer)) {
        assert!(answers.len() < 10, "{answers:?}");
        answers.push(shop.order(b"", TWO_MUGS));
    }
    answers
}

/// Places orders until one succeeds. An order that comes too early is rejected at once.
fn order_until_placed(shop: &Storefront) {
    let placed = (0..20_000).map(|_| shop.order(b"", TWO_MUGS)).find(|answer| answer.status == 201);
    assert!(placed.is_some(), "{:?}", shop.order(b"", TWO_MUGS));
}

fn is_circuit_open(answer: &Answer) -> bool {
    answer.status == 503 && answer.json()["code"] == "circuit_open"
}

/// Waits until this number of mugs is left: failed orders are undone in the background.
fn wait_for_mugs(shop: &Storefront, left: u32) {
    let stock = || shop.get("/products/mug").json()["stock"].clone();
    assert!((0..10_000).any(|_| stock() == left), "{}, expected {left}", stock());
}

/// Ends the faults of a service.
fn end_faults(admin: std::net::SocketAddr) {
    assert_eq!(send(admin, "DELETE", "/faults", b"", "").status, 204);
}
