//! The loops of README.md, with a hundred orders each. Each runs while no other test does, since a machine that is busy
//! with other tests would spread the orders over a longer time, for which the budget allows more retries.

use std::{collections::HashSet, process::Command};

use crate::{DEFAULT_LIMITS, attempts, payments::Payments, running::Storefront};

const README: &str = include_str!("../../README.md");

/// Starts the shop as README.md does.
fn start(payments: &Payments) -> Storefront {
    let url = payments.url();
    let settings = [("PAYMENTS_URL", &*url), ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "300")];
    Storefront::start(&[&DEFAULT_LIMITS, &settings[..]].concat())
}

/// Runs the loop of README.md that contains `part`, and returns its output.
fn run(part: &str, shop: &Storefront, payments: &Payments) -> String {
    let blocks = README.split("```sh\n").skip(1);
    let mut blocks = blocks.map(|block| block.split("```").next().unwrap());
    let script = blocks.find(|block| block.contains(part)).expect(part);
    let script = script
        .replace("localhost:3000", &shop.addr.to_string())
        .replace("localhost:9090", &shop.admin.to_string())
        .replace("localhost:9091", &payments.admin.to_string());
    let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{}", text.concat());
    println!("{}", text[0]);
    text[0].clone()
}

/// Returns the number of orders with this status in the output of a loop.
fn orders(output: &str, status: u16) -> u64 {
    let lines = output.lines().filter_map(|line| line.trim().split_once(' '));
    let mut counts = lines.filter(|(_, found)| *found == status.to_string());
    counts.next().map_or(0, |(count, _)| count.parse().unwrap())
}

#[test]
fn with_every_tenth_charge_failing_100_of_100_orders_succeed_at_the_first_send() {
    let payments = Payments::start();
    let shop = start(&payments);
    let output = run("\"every\": 10", &shop, &payments);
    assert_eq!(orders(&output, 201), 100, "{output}");
    assert!(output.contains(r#"{"charges":100,"orders":100}"#), "{output}");
    // 111 attempts, of which each tenth failed: with a 503, or without an answer.
    for (outcome, count) in [("success", 100), ("overload", 4), ("transport", 7)] {
        assert!(output.contains(&attempts(outcome, count)), "{outcome}: {output}");
    }
}

#[test]
fn with_every_third_charge_failing_the_ledger_has_the_placed_orders_and_no_other() {
    let payments = Payments::start();
    let shop = start(&payments);
    let output = run("\"every\": 3", &shop, &payments);
    let placed = orders(&output, 201);
    let failed = orders(&output, 502) + orders(&output, 503);
    assert_eq!(placed + failed, 100, "{output}");
    assert!(placed >= 50 && failed > 0, "{output}");
    payments.wait_for_orders(placed);
    shop.terminate();
    let (status, log) = shop.ended();
    assert!(status.success(), "{log}");
    // A call that is repeated has several lines.
    let kept: HashSet<_> =
        with(&log, "reserved").difference(&with(&log, "released")).copied().collect();
    assert_eq!(kept, with(&log, "order placed"));
    assert_eq!(u64::try_from(kept.len()).unwrap(), placed);
}

/// Returns the orders of all log lines with this message.
fn with<'a>(log: &'a str, message: &str) -> HashSet<&'a str> {
    let message = format!(": {message} order=");
    let orders = log.lines().filter_map(|line| line.split_once(&message));
    orders.map(|(_, order)| order.split(' ').next().unwrap().trim_matches('"')).collect()
}
