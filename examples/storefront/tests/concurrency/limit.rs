//! The limit of requests in flight.

use crate::running;

#[test]
fn an_invalid_limit_is_an_error_that_says_what_is_valid() {
    for value in ["0", "many", "1000001"] {
        let output = running::run(&[("STOREFRONT_CONCURRENCY", value)]);
        let report = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{report}");
        let error = "STOREFRONT_CONCURRENCY: expected a number of requests, from 1 to 1000000; adaptive; or off";
        assert!(report.contains(error), "{report}");
    }
}

/// Inventory is slow for as long as all requests take to arrive, so that no other test runs beside these.
mod alone {
    use std::thread;

    use crate::{MUG, at_once, count, inventory::FaultyInventory, running::send, slow_down, start};

    #[test]
    fn a_request_beyond_the_limit_gets_a_problem_with_the_time_to_wait() {
        let inventory = FaultyInventory::start();
        let shop = start(&[("INVENTORY_URL", &inventory.url), ("STOREFRONT_CONCURRENCY", "2")]);
        slow_down(inventory.admin, 1_000);
        let answers = at_once(8, &shop, "GET", "/products/mug", "");
        assert_eq!(count(&answers, 200) + count(&answers, 503), 8, "{answers:?}");
        let answer = answers.iter().find(|answer| answer.status == 503).unwrap();
        assert_eq!(answer.json()["code"], "overloaded", "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{wait}");
        assert!(!answer.id().is_empty());
        assert!(answer.header("content-security-policy").is_some(), "{answer:?}");
        // The rejected requests hold no permits: an order, which waits for inventory as well, is placed.
        let order = shop.order(b"", MUG);
        assert_eq!(order.status, 201, "{order:?}");
    }

    #[test]
    fn an_unknown_path_takes_no_permit() {
        let inventory = FaultyInventory::start();
        let shop = start(&[("INVENTORY_URL", &inventory.url), ("STOREFRONT_CONCURRENCY", "1")]);
        slow_down(inventory.admin, 2_000);
        let addr = shop.addr;
        let held = thread::spawn(move || send(addr, "GET", "/products/mug", b"", "").status);
        shop.metrics_with(
            "battlement_concurrency_limit_in_flight{limiter=\"storefront\",class=\"browsing\"} 1\n",
        );
        let others = ["/nowhere", "/products"].map(|path| shop.get(path).status);
        assert_eq!((others, held.join().unwrap()), ([404, 503], 200));
    }
}
