//! Calls that fail and are repeated: orders succeed, no order is charged twice, and a failed order leaves nothing behind.
#![cfg(feature = "embedded")]

mod alone;
mod attempts;
mod payments;
mod proxy;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;
mod undone;

/// An order that is in stock.
const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

/// The limits that apply if none is set.
const DEFAULT_LIMITS: [(&str, &str); 3] = [
    ("STOREFRONT_UPSTREAM_TIMEOUT_MS", ""),
    ("STOREFRONT_TRY_TIMEOUT_MS", ""),
    ("STOREFRONT_DEADLINE_MS", ""),
];

/// Returns the sample of the attempts at calls of payments with this outcome.
fn attempts(outcome: &str, count: u32) -> String {
    format!(
        "battlement_retry_attempts_total{{client=\"payments\",outcome=\"{outcome}\"}} {count}\n"
    )
}
