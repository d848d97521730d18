//! Time limits: services that do not answer, clients that do not send, and deadlines that callers bring.
#![cfg(feature = "embedded")]

mod alone;
mod brought;
mod releases;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;
mod silent;

/// An order that is in stock.
const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

/// The limits that apply if none is set.
const DEFAULT_LIMITS: [(&str, &str); 3] = [
    ("STOREFRONT_UPSTREAM_TIMEOUT_MS", ""),
    ("STOREFRONT_TRY_TIMEOUT_MS", ""),
    ("STOREFRONT_DEADLINE_MS", ""),
];

/// Returns the number of requests of orders with this status and error type.
fn orders_with(status: u16, error_type: &str, count: u32) -> String {
    format!(
        "http_server_request_duration_seconds_count{{http_request_method=\"POST\",url_scheme=\"http\",\
         http_response_status_code=\"{status}\",http_route=\"/orders\",error_type=\"{error_type}\"}} {count}\n"
    )
}
