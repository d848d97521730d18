//! Clients that keep their connections and send bodies to a limit that rejects them unread.
#![cfg(feature = "embedded")]

mod client;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these clients send their own requests")]
mod running;

use client::{Client, chunked, sized};
use running::Storefront;

/// Starts a shop, and uses up the limit of this client.
fn start() -> Storefront {
    let shop = Storefront::start(&[("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1")]);
    assert_eq!(shop.get("/orders/1").status, 404);
    shop
}

#[test]
fn each_of_thirty_rejected_uploads_on_kept_connections_is_answered() {
    let shop = start();
    for bytes in [20_000, 60_000, 200_000, 1_000_000] {
        for request in [sized(bytes), chunked(bytes)] {
            let mut client = Client::new(shop.addr);
            let statuses: Vec<_> = (0..30).map(|_| client.send(&request)).collect();
            let answered = statuses.iter().filter(|status| matches!(status, Ok(429))).count();
            assert_eq!(answered, 30, "bodies of {bytes} bytes: {statuses:?}");
        }
    }
}

#[test]
fn two_hundred_rejected_posts_of_three_hundred_bytes_use_one_connection() {
    let shop = start();
    let mut client = Client::new(shop.addr);
    for _ in 0..200 {
        assert_eq!(client.send(&sized(300)).unwrap(), 429);
    }
    assert_eq!(client.connections, 1);
}
