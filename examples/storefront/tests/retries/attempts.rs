//! Attempts that fail or take too long, and those that follow.

use std::{
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use battlement::shutdown::Shutdown;
use tokio::{runtime::Runtime, time::Instant};

use crate::{
    TWO_MUGS, attempts,
    payments::Payments,
    proxy::{Answer, Proxy},
    running::Storefront,
};

/// Starts an inventory with the stock of the shop, which runs until the tests end.
fn inventory() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let inventory = inventory::Inventory::default();
            let shutdown = Shutdown::without_signals();
            let health = inventory::health(shutdown.phases());
            let _report = inventory::serve(listener, inventory, &health, shutdown).await.unwrap();
        });
    });
    addr
}

#[test]
fn a_charge_whose_answer_stalls_is_sent_again_and_is_not_made_twice() {
    let payments = Payments::start();
    let proxy = Proxy::before(payments.addr, &[Answer::Stalls]);
    let shop = Storefront::start(&[
        ("PAYMENTS_URL", &proxy.url),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "20000"),
        ("STOREFRONT_TRY_TIMEOUT_MS", "500"),
    ]);
    let answer = shop.order(b"", TWO_MUGS);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let key = format!("\"{}\"", answer.json()["id"].as_str().unwrap());
    assert_eq!(proxy.values("idempotency-key"), [key.clone(), key]);
    assert_eq!(payments.ledger(), (1, 1));
    let page = shop.metrics_with(&attempts("timeout", 1));
    assert!(page.contains(&attempts("success", 1)), "{page}");
}

#[test]
fn a_charge_whose_answer_is_lost_is_sent_again_and_is_not_made_twice() {
    let payments = Payments::start();
    let proxy = Proxy::before(payments.addr, &[Answer::Lost, Answer::Lost]);
    let shop = Storefront::start(&[("PAYMENTS_URL", &proxy.url)]);
    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    assert_eq!(proxy.values("idempotency-key").len(), 3);
    assert_eq!(payments.ledger(), (1, 1));
    let page = shop.metrics_with(&attempts("transport", 2));
    // The metrics of calls have one call.
    let calls = r#"http_client_request_duration_seconds_count{http_request_method="POST",server_address="payments",http_response_status_code="201"} 1"#;
    assert!(page.contains(calls), "{page}");
}

#[test]
fn a_reservation_whose_answer_is_lost_is_sent_again_and_reserves_once() {
    let proxy = Proxy::before(inventory(), &[Answer::Lost]);
    let shop = Storefront::start(&[("INVENTORY_URL", &proxy.url)]);
    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    shop.metrics_with("shop_stock_pieces{product=\"mug\"} 9998\n");
}

#[test]
fn attempts_that_time_out_before_the_deadline_are_an_upstream_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let shop = Storefront::start(&[
        ("INVENTORY_URL", &format!("http://{}", silent.local_addr().unwrap())),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "30000"),
        ("STOREFRONT_DEADLINE_MS", "20000"),
        ("STOREFRONT_TRY_TIMEOUT_MS", "50"),
    ]);
    let begun = Instant::now();
    let answer = shop.order(b"", TWO_MUGS);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["code"], "upstream_timeout");
    // Three attempts of 50 ms each, and two waits of at most 75 ms together.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
