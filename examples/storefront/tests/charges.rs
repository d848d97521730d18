//! Charges as payments receives them, and settings of payments that the storefront does not use.
#![cfg(feature = "embedded")]

#[allow(dead_code, reason = "these tests use a part of it")]
mod running;

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::{self, JoinHandle},
};

use running::{Storefront, call::accept};

/// An order that is in stock.
const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

/// Answers the first charge with 201, and returns its head and body.
fn payments() -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let charge = thread::spawn(move || {
        let mut stream = accept(&listener);
        let mut bytes = Vec::new();
        // The body ends with its first brace.
        while bytes.last() != Some(&b'}') {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).unwrap();
            assert!(length > 0, "closed within the request");
            bytes.extend_from_slice(&part[..length]);
        }
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").unwrap();
        let request = String::from_utf8(bytes).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    });
    (url, charge)
}

#[test]
fn a_charge_carries_the_id_of_its_order_as_its_key() {
    let (url, charge) = payments();
    let shop = Storefront::start(&[("PAYMENTS_URL", &url)]);
    let answer = shop.order(b"", TWO_MUGS);
    assert_eq!(answer.status, 201);
    let order = answer.json()["id"].as_str().unwrap().to_owned();
    let (head, body) = charge.join().unwrap();
    let keys: Vec<_> =
        head.lines().filter_map(|line| line.strip_prefix("idempotency-key: ")).collect();
    assert_eq!(keys, [format!("\"{order}\"")], "{head}");
    assert!(body.contains(&order), "{body}");
}

#[test]
fn a_setting_of_payments_in_this_process_is_warned_of_once() {
    let ignored = [("PAYMENTS_LIMIT_CENTS", "1"), ("PAYMENTS_FAULTS", "true")];
    let shop = Storefront::start(&ignored);
    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    shop.terminate();
    let (_, log) = shop.ended();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("have no effect")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    for part in ["WARN", "PAYMENTS_FAULTS, PAYMENTS_LIMIT_CENTS", "PAYMENTS_URL"] {
        assert!(warnings[0].contains(part), "{part} is missing: {warnings:?}");
    }
}

#[test]
fn without_settings_of_payments_there_is_no_warning() {
    let (url, _) = payments();
    for settings in [&[][..], &[("PAYMENTS_URL", &url[..]), ("PAYMENTS_FAULTS", "true")]] {
        let shop = Storefront::start(settings);
        shop.terminate();
        let (_, log) = shop.ended();
        assert!(!log.contains("have no effect"), "{log}");
    }
}
