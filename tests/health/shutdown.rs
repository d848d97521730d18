use std::time::Duration;

use battlement_testkit::client::Raw;
use tokio::{net::TcpListener, time::Instant};

use crate::{
    kubelet::probe,
    shop::{PATIENCE, Shop},
};

const BODY: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn liveness_stays_200_to_the_last_moment_of_a_shutdown_while_readiness_is_503() {
    // An order is in flight until inventory has not answered for a second.
    let inventory = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", inventory.local_addr().unwrap());
    let mut shop = Shop::start(&[
        ("INVENTORY_URL", &url),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "1000"),
        ("STOREFRONT_SHUTDOWN_DELAY_MS", "500"),
    ])
    .await;
    let mut order = Raw::connect(shop.addr).await.unwrap();
    let head = "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json";
    order.write(format!("{head}\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len())).await.unwrap();
    let _call = inventory.accept().await.unwrap();
    assert_eq!(shop.probe("/readyz").status, 200);

    shop.terminate();
    shop.process.line("shutdown started", PATIENCE).await.unwrap();
    let mut probes = 0;
    let mut last = Instant::now();
    while let (Some(live), Some(ready)) =
        (probe(shop.admin, "/livez"), probe(shop.admin, "/readyz"))
    {
        assert_eq!((live.status, live.body.as_str()), (200, "ok"));
        assert_eq!(ready.status, 503, "{ready:?}");
        assert!(ready.body.contains("[-]shutdown failed: "), "{ready:?}");
        probes += 1;
        last = Instant::now();
    }
    // The listener closes when the process exits.
    let status = shop.process.exited(PATIENCE).await.unwrap();
    assert_eq!(status.code(), Some(0), "{}", shop.process.log());
    // The drain lasts a second, in which the stock is released in vain.
    assert!(
        last.elapsed() < Duration::from_millis(700),
        "the last probe was {:?} ago",
        last.elapsed()
    );
    assert!(probes >= 10, "{probes} probes");
    let report = shop.process.log();
    assert!(report.contains("unready 50") && report.contains("draining "), "{report}");
}
