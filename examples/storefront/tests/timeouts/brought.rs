//! Deadlines that callers bring in `x-request-timeout-ms`.

use crate::{TWO_MUGS, orders_with, running::Storefront, silent::SilentInventory};

const TRUSTED: (&str, &str) = ("STOREFRONT_TRUSTED_PROXIES", "127.0.0.0/8");

#[test]
fn a_trusted_proxy_shortens_the_deadline() {
    let inventory = SilentInventory::new();
    let shop = inventory.shop(&[TRUSTED]);
    let answer = shop.order(b"brief\r\nx-request-timeout-ms: 50", TWO_MUGS);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["code"], "timeout");
    shop.metrics_with(&orders_with(504, "timeout", 1));
    shop.metrics_with("battlement_timeout_time_left_seconds_bucket{le=\"0.1\"} 1\n");
}

#[test]
fn a_request_of_a_trusted_proxy_with_no_time_left_calls_no_other_service() {
    let inventory = SilentInventory::new();
    let shop = inventory.shop(&[TRUSTED]);
    let answer = shop.order(b"too-late\r\nx-request-timeout-ms: 0", TWO_MUGS);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["code"], "deadline_exceeded");
    assert_eq!(answer.json()["request_id"], "too-late");
    assert!(!inventory.is_called());
    let page = shop.metrics_with("battlement_timeout_not_called_total 1\n");
    assert!(page.contains("error_type=\"deadline_exceeded\"} 1\n"), "{page}");
    // The same listener notices a call.
    shop.order(b"brief\r\nx-request-timeout-ms: 50", TWO_MUGS);
    assert!(inventory.is_called());
}

#[test]
fn a_trusted_proxy_cannot_lengthen_the_deadline() {
    let inventory = SilentInventory::new();
    let shop = inventory.shop(&[TRUSTED, ("STOREFRONT_DEADLINE_MS", "100")]);
    let answer = shop.order(b"patient\r\nx-request-timeout-ms: 3600000", TWO_MUGS);
    assert_eq!(answer.json()["code"], "timeout");
}

#[test]
fn the_deadline_of_a_client_without_trust_is_ignored() {
    let mut shop = Storefront::start(&[]);
    for value in ["0", "1"] {
        let headers = format!("hasty\r\nx-request-timeout-ms: {value}");
        assert_eq!(shop.order(headers.as_bytes(), TWO_MUGS).status, 201);
    }
    shop.log_line(&["WARN", "x-request-timeout-ms", "not trusted"]);
}
