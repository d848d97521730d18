//! Orders whose charge fails in every attempt: payments may have made it, and the order is undone.

use std::net::TcpListener;

use crate::{TWO_MUGS, payments::Payments, running::Storefront};

fn start(payments: &Payments) -> Storefront {
    Storefront::start(&[("PAYMENTS_URL", &payments.url())])
}

#[test]
fn a_charge_whose_answers_are_all_lost_is_voided_and_the_stock_is_released() {
    let payments = Payments::start();
    let mut shop = start(&payments);
    payments.fail("reset_after", 1);
    let answer = shop.order(b"lost-answers", TWO_MUGS);
    assert_eq!(answer.status, 502);
    assert_eq!(answer.json()["code"], "upstream_failed");
    shop.log_line(&["lost-answers", "inventory::", "released"]);
    payments.wait_for_orders(0);
}

#[test]
fn a_void_that_fails_is_logged_with_the_order() {
    // Bound and dropped, so no server listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut shop = Storefront::start(&[("PAYMENTS_URL", &format!("http://{free}"))]);
    assert_eq!(shop.order(b"not-voided", TWO_MUGS).status, 502);
    let line = shop.log_line(&["WARN", "not-voided", "order not placed"]);
    let (_, order) = line.split_once("order=").unwrap();
    let order = order.split(' ').next().unwrap().to_owned();
    shop.log_line(&["WARN", "not-voided", "cannot void the charge of a failed order", &order]);
}

#[test]
fn a_declined_charge_is_not_voided() {
    let payments = Payments::start();
    let mut shop = start(&payments);
    let dear = TWO_MUGS.replace("mug", "samovar").replace('2', "3");
    assert_eq!(shop.order(b"declined", &dear).status, 402);
    shop.log_line(&["declined", "inventory::", "released"]);
    shop.terminate();
    // The process ends after all calls of the order.
    assert!(shop.ended().0.success());
    let page = crate::running::send(payments.admin, "GET", "/metrics", b"", "").body;
    let requests = |method: &str| {
        let sample =
            format!("http_server_request_duration_seconds_count{{http_request_method=\"{method}\"");
        page.lines().filter(|line| line.starts_with(&sample) && !line.ends_with(" 0")).count()
    };
    assert_eq!((requests("POST"), requests("DELETE")), (1, 0), "{page}");
}
