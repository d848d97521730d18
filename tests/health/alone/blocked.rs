use std::time::Duration;

use battlement_testkit::client::Http1;
use tokio::time::Instant;

use crate::shop::Shop;

/// The time for which the route blocks every thread of the shop.
const BLOCKED: Duration = Duration::from_secs(3);
const FAST: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn liveness_is_answered_at_once_while_every_worker_is_blocked_and_the_delay_is_reported() {
    let shop = Shop::start(&[
        ("STOREFRONT_BUGS", "true"),
        ("STOREFRONT_DEADLINE_MS", "20000"),
        ("TOKIO_WORKER_THREADS", "2"),
    ])
    .await;
    shop.ready_with("[+]scheduling-delay ok\n").await;
    let mut client = Http1::connect(shop.addr).await.unwrap();
    let start = Instant::now();
    let blocks = tokio::spawn(async move { client.get("/bugs/block").await.unwrap().status });
    shop.process.line("blocking 2 workers", BLOCKED).await.unwrap();

    let (mut probes, mut reports, mut slowest) = (0, 0, Duration::ZERO);
    while start.elapsed() < BLOCKED - FAST {
        let live = shop.probe("/livez");
        assert_eq!(live.status, 200, "{live:?}");
        (probes, slowest) = (probes + 1, slowest.max(live.took));
        let ready = shop.probe("/readyz");
        assert_eq!(ready.status, 200, "{ready:?}");
        reports += u32::from(ready.body.contains("[!]scheduling-delay degraded: "));
    }
    assert!(!blocks.is_finished(), "the workers were blocked meanwhile");
    assert!(probes >= 20 && reports >= 10, "{probes} probes, {reports} reports");
    assert!(slowest < FAST, "{slowest:?}");
    println!("{probes} probes, {reports} reports, slowest {slowest:?}");

    assert_eq!(blocks.await.unwrap(), 204);
    shop.ready_with("[+]scheduling-delay ok\n").await;
}
