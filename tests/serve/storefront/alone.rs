use std::{io::Write as _, net::TcpStream, time::Duration};

use tokio::time::{Instant, interval};

use super::{
    shop::{Shop, curl},
    wave::{self, CLIENTS},
};
use crate::descriptors;

const HALF_HEAD: &str = "GET / HTTP/1.1\r\nhost: shop.test\r\nx-trickled: ";
#[tokio::test]
async fn two_thousand_half_heads_end_within_11_seconds() {
    descriptors::allow(2 * CLIENTS as u64);
    let shop = Shop::start(8_192).await;
    let longest = wave::of(&shop, HALF_HEAD).await;
    assert!(longest <= Duration::from_secs(11), "{longest:?} {}", shop.log());
    assert_eq!(curl(shop.addr, "/products", 5).await, 200);
}

/// Opens connections with half a head, which the client never closes.
fn attack(shop: &Shop, connections: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(shop.addr).unwrap();
        stream.write_all(HALF_HEAD.as_bytes()).unwrap();
        stream
    };
    (0..connections).map(connect).collect()
}

#[tokio::test]
async fn operators_and_customers_are_answered_while_half_heads_take_all_descriptors() {
    let shop = Shop::start(256).await;
    assert_eq!(curl(shop.addr, "/products", 5).await, 200);
    let start = Instant::now();
    let _attack = attack(&shop, 370);
    let customer = tokio::spawn(async move {
        let status = curl(shop.addr, "/products", 21).await;
        (status, start.elapsed())
    });
    let mut seconds = interval(Duration::from_secs(1));
    for _ in 0..20 {
        seconds.tick().await;
        assert_eq!(curl(shop.admin, "/metrics", 1).await, 200, "after {:?}", start.elapsed());
    }
    let (status, elapsed) = customer.await.unwrap();
    assert_eq!(status, 200, "after {elapsed:?}");
}
