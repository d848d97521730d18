//! An inventory that accepts connections and never answers.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use crate::{
    TWO_MUGS,
    running::{
        Storefront,
        call::{accept, is_call},
    },
};

pub struct SilentInventory {
    listener: TcpListener,
    pub url: String,
}

impl SilentInventory {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // For `is_called`; until then, connections wait in the queue of the system.
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// Starts a storefront that calls this inventory.
    pub fn shop(&self, settings: &[(&str, &str)]) -> Storefront {
        Storefront::start(&[&[("INVENTORY_URL", self.url.as_str())], settings].concat())
    }

    /// Returns whether a call has opened a connection.
    pub fn is_called(&self) -> bool {
        self.listener.incoming().map_while(Result::ok).any(|stream| is_call(&stream))
    }
}

#[test]
fn a_call_that_only_its_own_limit_ended_is_an_upstream_timeout() {
    let inventory = SilentInventory::new();
    let mut shop = inventory.shop(&[("STOREFRONT_UPSTREAM_TIMEOUT_MS", "200")]);
    let answer = shop.order(b"slow-inventory", TWO_MUGS);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["code"], "upstream_timeout");
    assert_eq!(answer.json()["detail"], "inventory did not respond in time");
    shop.log_line(&["slow-inventory", "order not placed", "inventory did not respond in time"]);
    shop.metrics_with(&crate::orders_with(504, "504", 1));
    shop.metrics_with("shop_orders_total{outcome=\"upstream_timeout\"} 1\n");
}

#[test]
fn a_call_that_the_deadline_ended_is_a_timeout_of_the_request() {
    let inventory = SilentInventory::new();
    let mut shop = inventory.shop(&[("STOREFRONT_DEADLINE_MS", "200")]);
    for number in 1..=5 {
        let id = format!("late-order-{number}");
        let answer = shop.order(id.as_bytes(), TWO_MUGS);
        assert_eq!(answer.status, 504);
        // Whether the layer or the handler was first.
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Gateway Timeout",
            "status": 504,
            "detail": "the request took too long",
            "code": "timeout",
            "request_id": id,
        });
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.id(), id);
        shop.log_line(&[&id, "order not placed", "the request took too long"]);
    }
    // Each is counted once.
    let page = shop.metrics_with(&crate::orders_with(504, "timeout", 5));
    assert!(!page.contains(&crate::orders_with(504, "504", 1)), "{page}");
    shop.metrics_with("shop_orders_total{outcome=\"timeout\"} 5\n");
}

#[test]
fn payments_get_the_time_that_the_order_has_left() {
    let payments = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", payments.local_addr().unwrap());
    let shop = Storefront::start(&[("PAYMENTS_URL", &url), ("STOREFRONT_DEADLINE_MS", "15000")]);
    let _order = crate::running::begin(shop.addr, "POST", "/orders", b"", TWO_MUGS);
    let mut charge = accept(&payments);
    let mut head = [0; 4096];
    let read = charge.read(&mut head).unwrap();
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let (_, rest) = head.split_once("x-request-timeout-ms: ").expect(&head);
    let left: u32 = rest.split("\r\n").next().unwrap().parse().unwrap();
    assert!((1..=14_995).contains(&left), "{left}");
}

#[test]
fn the_limit_of_a_call_includes_the_body_of_its_response() {
    let payments = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", payments.local_addr().unwrap());
    let shop =
        Storefront::start(&[("PAYMENTS_URL", &url), ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "500")]);
    let charge = thread::spawn(move || {
        let mut charge = accept(&payments);
        assert!(charge.read(&mut [0; 4096]).unwrap() > 0);
        let half = b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{";
        charge.write_all(half).unwrap();
        charge
    });
    let answer = shop.order(b"", TWO_MUGS);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["code"], "upstream_timeout");
    drop(charge.join().unwrap());
}
