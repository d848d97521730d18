//! Orders that meet an open breaker.

use std::thread;

use crate::{
    TWO_MUGS, end_faults, is_circuit_open, order_until_open, order_until_placed,
    payments::Payments,
    running::{Storefront, send},
    start, wait_for_mugs,
};

/// Returns the number of requests for charges that payments have received, by method.
pub fn requests_of(payments: &Payments, method: &str) -> u64 {
    let page = send(payments.admin, "GET", "/metrics", b"", "").body;
    let sample =
        format!("http_server_request_duration_seconds_count{{http_request_method=\"{method}\"");
    let lines = page.lines().filter(|line| line.starts_with(&sample));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

#[test]
fn each_way_to_fail_opens_the_breaker_and_orders_succeed_again_after_it() {
    let opens_and_recovers = |kind| {
        let payments = Payments::start();
        let shop = start(&payments);
        payments.fail(kind, 1);
        let answers = order_until_open(&shop);
        assert!(answers.len() <= 6, "{kind}: {answers:?}");
        end_faults(payments.admin);
        order_until_placed(&shop);
        // The orders that failed have left neither a charge nor stock.
        payments.wait_for_orders(1);
        wait_for_mugs(&shop, 9_998);
    };
    thread::scope(|scope| {
        for kind in ["503", "500", "reset_before", "reset_after", "refuse", "truncate"] {
            scope.spawn(move || opens_and_recovers(kind));
        }
    });
}

#[test]
fn an_order_that_meets_an_open_breaker_gets_a_503_and_is_not_voided() {
    let payments = Payments::start();
    let mut shop = start(&payments);
    payments.fail("503", 1);
    order_until_open(&shop);
    let charges = requests_of(&payments, "POST");
    let answer = shop.order(b"rejected-order", TWO_MUGS);
    assert!(is_circuit_open(&answer), "{answer:?}");
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["detail"], "a service behind this one is failing");
    shop.log_line(&["WARN", "rejected-order", "order not placed", "payments has failed too often"]);
    shop.log_line(&["rejected-order", "inventory::", "released"]);
    wait_for_mugs(&shop, 10_000);

    let page = shop.metrics();
    for sample in [
        "battlement_retry_attempts_total{client=\"payments\",outcome=\"rejected\"} ",
        "battlement_retry_stopped_total{client=\"payments\",reason=\"rejected\"} ",
        "shop_orders_total{outcome=\"circuit_open\"} ",
    ] {
        let line = page.lines().find(|line| line.starts_with(sample)).unwrap();
        // The order that opened the breaker may be another.
        assert!(line.ends_with(" 1") || line.ends_with(" 2"), "{line}");
    }
    shop.terminate();
    // The process ends after all calls of its orders.
    assert!(shop.ended().0.success());
    assert_eq!(requests_of(&payments, "POST"), charges);
    // Those of the orders that were sent before.
    assert!(requests_of(&payments, "DELETE") <= charges, "{charges}");
}

#[test]
fn an_order_whose_second_attempt_is_rejected_is_voided() {
    let payments = Payments::start();
    let shop = start(&payments);
    payments.fail("reset_after", 1);
    // The breaker opens at the fifth attempt, which is not the last one of its order.
    let answers = order_until_open(&shop);
    assert_eq!(requests_of(&payments, "POST"), 5, "{answers:?}");
    payments.wait_for_orders(0);
}

#[test]
fn an_order_beyond_the_stock_is_not_a_failure_of_inventory() {
    let shop = Storefront::start(&crate::SETTINGS);
    let dear = TWO_MUGS.replace("mug", "samovar").replace('2', "4");
    for _ in 0..30 {
        assert_eq!(shop.order(b"", &dear).status, 409);
    }
    // Nor is a charge that is declined one of payments.
    let dear = TWO_MUGS.replace("mug", "samovar").replace('2', "3");
    for _ in 0..30 {
        assert_eq!(shop.order(b"", &dear).status, 402);
        shop.metrics_with("shop_stock_pieces{product=\"samovar\"} 3\n");
    }
    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
}
