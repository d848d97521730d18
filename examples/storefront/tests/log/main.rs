//! The log of the program: its format, its records, and the commands of README.md that read it.
#![cfg(feature = "embedded")]

#[path = "../../src/log.rs"]
#[allow(dead_code, reason = "payments in a process of its own use a part of it")]
mod log;
mod payments;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;
mod session;
mod shown;
mod unread;

use std::{net::TcpListener, process::Command};

use running::{Storefront, send};
use serde_json::Value;

const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

/// Returns the records of a log in JSON, each of whose lines must be an object.
fn records(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).expect(line));
    lines.filter(|line: &Value| line["target"] == "battlement::access").collect()
}

/// Places an order, and returns the records of the shop, of which there are `expected`.
fn records_of_order(settings: &[(&str, &str)]) -> Vec<Value> {
    let shop = Storefront::start(&[&[("STOREFRONT_LOG", "json")], settings].concat());
    assert_eq!(shop.order(b"order-of-ada", TWO_MUGS).status, 201);
    // Probes and scrapes have no records.
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(send(shop.admin, "GET", path, &[], "").status, 200, "{path}");
    }
    shop.terminate();
    let (status, log) = shop.ended();
    assert!(status.success(), "{log}");
    records(&log)
}

#[test]
fn a_request_has_one_record_in_each_service_and_its_calls_have_none() {
    let records = records_of_order(&[]);
    let paths: Vec<_> = records.iter().map(|record| record["url.path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), 3, "{records:#?}");
    for path in ["/inventory.v1.Inventory/Reserve", "/charges", "/orders"] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    for record in &records {
        assert_eq!(record["span"]["request_id"], "order-of-ada");
        // The address that the layer outside of it has resolved.
        assert_eq!(record["client.address"], "127.0.0.1");
        assert_eq!(record["outcome"], "ok");
    }
}

#[test]
fn each_attempt_at_a_call_has_a_record_if_that_is_asked_for() {
    let records = records_of_order(&[("STOREFRONT_LOG_CALLS", "true")]);
    let mut called: Vec<_> = records.iter().filter(|record| record["attempt"] == 1).collect();
    called.sort_by_key(|record| record["server.address"].to_string());
    let [inventory, payments] = called[..] else { panic!("{records:#?}") };
    assert_eq!(inventory["server.address"], "inventory");
    assert_eq!(inventory["rpc.status_code"], "OK");
    assert_eq!(payments["server.address"], "payments");
    assert_eq!(payments["http.response.status_code"], 201);
    assert_eq!(records.len(), 5, "{records:#?}");
}

#[test]
fn lines_of_the_shop_carry_the_id_of_their_request() {
    let mut shop = Storefront::start(&[("STOREFRONT_LOG", "json")]);
    assert_eq!(shop.order(b"order-of-ada", TWO_MUGS).status, 201);
    for message in ["order received", "reserved", "charged", "order placed"] {
        let line = shop.log_line(&[&format!(r#""message":"{message}""#)]);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["span"]["request_id"], "order-of-ada", "{line}");
    }
}

#[test]
fn a_format_that_does_not_exist_is_an_error_that_names_the_variable_and_both_formats() {
    let output = running::run(&[("STOREFRONT_LOG", "yaml")]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("STOREFRONT_LOG: expected json or text"), "{report}");
}

/// Returns the log of a shop that ends at once, since its port is in use.
fn log_of(command: &mut Command) -> String {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = other.local_addr().unwrap().to_string();
    command.env_clear().env("PATH", env!("PATH")).env("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0");
    let output = command.env("STOREFRONT_ADDR", addr).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("stopped: cannot listen on "), "{log}");
    log
}

#[test]
fn the_log_is_text_if_stdout_is_a_terminal_and_otherwise_json() {
    let program = env!("CARGO_BIN_EXE_storefront");
    let log = log_of(&mut Command::new(program));
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    // Runs the program with a terminal as its stdout.
    let mut terminal = Command::new("script");
    let log = log_of(terminal.args(["-qec", program, "/dev/null"]));
    assert!(log.contains("ERROR") && !log.contains(r#""level""#), "{log}");
}
