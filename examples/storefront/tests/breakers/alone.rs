//! Tests that measure time. Each runs while no other test does.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    TWO_MUGS, end_faults, is_circuit_open, order_until_open, order_until_placed,
    orders::requests_of,
    payments::Payments,
    running::{Answer, Storefront},
    start, wait_for_mugs,
};

/// Places an order, and returns the answer with the time that it took.
fn timed(shop: &Storefront) -> (Duration, Answer) {
    let begun = Instant::now();
    let answer = shop.order(b"", TWO_MUGS);
    (begun.elapsed(), answer)
}

#[test]
fn payments_that_hang_cost_two_orders_their_time_and_no_further_one() {
    let payments = Payments::start();
    let mut shop = start(&payments);
    payments.fail("hang", 1);
    let answers = order_until_open(&shop);
    println!("{} orders opened the breaker", answers.len());
    // An attempt is recorded when its connection has ended.
    let attempts = requests_of(&payments, "POST");
    assert!(attempts <= 5, "{attempts} attempts");

    let mut orders: Vec<_> = (0..100).map(|_| timed(&shop)).collect();
    for (took, answer) in &orders {
        assert!(is_circuit_open(answer), "{answer:?} after {took:?}");
    }
    orders.sort_by_key(|(took, _)| *took);
    let [median, p99] = [50, 98].map(|place: usize| orders[place].0);
    println!("rejected within {median:?} (median), {p99:?} (p99)");
    assert!(p99 < Duration::from_millis(50), "{p99:?}");
    // Neither the attempts that hung nor the rejected orders keep any stock.
    wait_for_mugs(&shop, 10_000);

    end_faults(payments.admin);
    order_until_placed(&shop);
    for _ in 0..10 {
        assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    }
    payments.wait_for_orders(11);
    for part in ["circuit breaker opened", "half-open", "circuit breaker closed"] {
        shop.log_line(&["battlement_circuit_breaker", "breaker=\"payments\"", part]);
    }
}
