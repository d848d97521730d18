//! The stock of products while inventory fails.

use std::thread;

use crate::{
    SETTINGS, TWO_MUGS, end_faults,
    inventory::FaultyInventory,
    is_circuit_open,
    running::{Answer, Storefront},
};

const MARK: &str = "battlement-fallback";

fn start(inventory: &FaultyInventory) -> Storefront {
    Storefront::start(&[&SETTINGS[..], &[("INVENTORY_URL", inventory.url.as_str())]].concat())
}

/// Requests a product until its answer has the mark, or none.
fn until_marked(shop: &Storefront, mark: Option<&str>) -> Answer {
    let mut answers = (0..20_000).map(|_| shop.get("/products/mug"));
    let answer = answers.find(|answer| answer.header(MARK) == mark);
    answer.unwrap_or_else(|| panic!("no {mark:?}: {:?}", shop.get("/products/mug")))
}

/// Lets every call of inventory fail, and later none.
fn opens_and_recovers(kind: &str) {
    let inventory = FaultyInventory::start();
    let shop = start(&inventory);
    assert_eq!(shop.get("/products/mug").header(MARK), None);
    inventory.fail(kind);
    let answer = shop.get("/products/mug");
    assert!(answer.header(MARK).is_some_and(|mark| mark != "circuit_open"), "{answer:?}");
    let answer = until_marked(&shop, Some("circuit_open"));
    assert_eq!(answer.status, 200, "{kind}");
    let expected = serde_json::json!({
        "id": "mug",
        "name": "Mug, stoneware",
        "price_cents": 1_200,
        "stock": null,
    });
    assert_eq!(answer.json(), expected, "{kind}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{kind}");
    end_faults(inventory.admin);
    assert_eq!(until_marked(&shop, None).json()["stock"], 10_000, "{kind}");
}

#[test]
fn each_way_to_fail_opens_the_breaker_and_the_stock_is_known_again_after_it() {
    thread::scope(|scope| {
        for kind in ["503", "500", "reset_before", "refuse", "truncate"] {
            scope.spawn(move || opens_and_recovers(kind));
        }
    });
}

#[test]
fn an_order_does_not_fall_back_and_takes_no_stock() {
    let inventory = FaultyInventory::start();
    let shop = start(&inventory);
    inventory.fail("503");
    until_marked(&shop, Some("circuit_open"));
    let answer = shop.order(b"", TWO_MUGS);
    assert!(is_circuit_open(&answer), "{answer:?}");
    assert_eq!(answer.header(MARK), None);
    end_faults(inventory.admin);
    assert_eq!(until_marked(&shop, None).json()["stock"], 10_000);
}

#[test]
fn an_unknown_product_has_no_fallback() {
    let inventory = FaultyInventory::start();
    let shop = start(&inventory);
    inventory.fail("503");
    let answer = shop.get("/products/moon");
    assert_eq!((answer.status, answer.header(MARK)), (404, None));
}
