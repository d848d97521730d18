//! Releases of failed orders, which run in the background.

use std::time::Duration;

use tokio::time::Instant;

use crate::{TWO_MUGS, silent::SilentInventory};

const RELEASED: &str = "rpc_client_call_duration_seconds_count{rpc_system_name=\"grpc\",\
    rpc_method=\"inventory.v1.Inventory/Release\",server_address=\"inventory\",\
    rpc_status_code=\"DEADLINE_EXCEEDED\"";

#[test]
fn a_release_has_its_own_limit_and_the_id_of_the_request() {
    let inventory = SilentInventory::new();
    let limits = [("STOREFRONT_DEADLINE_MS", "100"), ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "1000")];
    let mut shop = inventory.shop(&limits);
    let answer = shop.order(b"order-to-release", TWO_MUGS);
    assert_eq!(answer.json()["code"], "timeout");
    let answered = Instant::now();
    shop.log_line(&["WARN", "order-to-release", "cannot release the stock of a failed order"]);
    // It was not cut short by the deadline of the request. The bound is half of the limit, since this process may have
    // been slow to read the response.
    assert!(answered.elapsed() >= Duration::from_millis(500), "{:?}", answered.elapsed());
    let page = shop.metrics_with(RELEASED);
    let released = page.lines().find(|line| line.starts_with(RELEASED)).unwrap();
    assert!(released.ends_with(" 1"), "{released}");
}

#[test]
fn a_process_that_is_stopped_ends_after_the_release() {
    let inventory = SilentInventory::new();
    let limits = [("STOREFRONT_DEADLINE_MS", "100"), ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "2000")];
    let shop = inventory.shop(&limits);
    assert_eq!(shop.order(b"stopped-order", TWO_MUGS).status, 504);
    let stopped = Instant::now();
    shop.terminate();
    let (status, log) = shop.ended();
    assert!(status.success(), "{log}");
    assert!(stopped.elapsed() < Duration::from_secs(15), "{log}");
    let release = log.lines().position(|line| line.contains("cannot release the stock"));
    let last = log.lines().position(|line| line.contains("complete: received SIGTERM"));
    assert!(release.is_some() && release < last, "{log}");
}

#[test]
fn a_release_that_takes_longer_than_the_drain_does_not_keep_the_process() {
    let inventory = SilentInventory::new();
    let shop = inventory.shop(&[("STOREFRONT_DEADLINE_MS", "100"), ("STOREFRONT_DRAIN_MS", "500")]);
    assert_eq!(shop.order(b"", TWO_MUGS).status, 504);
    shop.terminate();
    let (status, log) = shop.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("leaked guards: undo of an order"), "{log}");
}
