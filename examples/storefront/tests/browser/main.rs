//! The page in a real browser, which alone can show the effect of a policy.
//!
//! Needs Chromium: `cargo test --test browser`.
#![cfg(feature = "embedded")]

mod chromium;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "a browser sends its own requests")]
mod running;
mod tampering;

use std::net::TcpListener;

use chromium::{Visit, visit};
use running::Storefront;
use tampering::Tampering;

/// Markup that an attacker injects into the page. It cannot contain the nonce, since each response has a new one.
const INJECTED: &str = "<script>document.body.dataset.injected = 'ran'</script>";
const GUESSED: &str = "<script nonce='guessed'>document.body.dataset.injected = 'ran'</script>";
const HANDLER: &str = "<img src='/none' onerror=\"document.body.dataset.injected = 'ran'\">";

fn shop_is_open(visit: &Visit) -> bool {
    visit.page.contains("aria-label=\"Pieces of")
}

fn injection_ran(visit: &Visit) -> bool {
    visit.page.contains("data-injected=\"ran\"")
}

#[test]
fn the_page_works_without_a_violation_of_its_policy() {
    let shop = Storefront::start(&[]);
    let visit = visit(shop.addr);
    assert!(shop_is_open(&visit), "{visit:?}");
    assert_eq!(visit.violations(), [""; 0], "{visit:?}");
}

#[test]
fn the_page_shows_the_stock_of_each_product_or_that_it_is_not_known() {
    let visit = visit(Storefront::start(&[]).addr);
    for stock in [10_000, 1_000, 500, 3] {
        assert!(visit.page.contains(&format!("<span>{stock}</span>")), "{visit:?}");
    }
    // Bound and dropped, so no server listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shop = Storefront::start(&[("INVENTORY_URL", &format!("http://{free}"))]);
    let visit = chromium::visit(shop.addr);
    assert_eq!(visit.page.matches("<span>not known</span>").count(), 4, "{visit:?}");
}

#[test]
fn an_injected_script_is_blocked_by_the_browser() {
    let shop = Storefront::start(&[]);
    for injection in [INJECTED, GUESSED, HANDLER] {
        let visit = visit(Tampering::with(shop.addr, injection).addr());
        assert!(!injection_ran(&visit), "{visit:?}");
        assert_eq!(visit.violations().len(), 1, "{visit:?}");
        assert!(shop_is_open(&visit), "the page's own script still runs: {visit:?}");
    }
}

#[test]
fn without_the_policy_the_same_script_would_have_run() {
    let shop = Storefront::start(&[]);
    for injection in [INJECTED, GUESSED, HANDLER] {
        let visit = visit(Tampering::with(shop.addr, injection).without_policy().addr());
        assert!(injection_ran(&visit), "{visit:?}");
        assert_eq!(visit.violations(), [""; 0], "{visit:?}");
    }
}
