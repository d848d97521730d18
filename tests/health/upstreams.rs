//! Dependencies that fail degrade the shop: without them it still lists its products.

use std::net::SocketAddr;

use battlement::shutdown::{Report, Shutdown, ShutdownHandle};
use payments::Payments;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::shop::Shop;

/// Running payments.
struct Running {
    addr: SocketAddr,
    shutdown: ShutdownHandle,
    service: JoinHandle<Result<Report, ()>>,
}

impl Running {
    async fn start(addr: &str) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let controller = Shutdown::without_signals();
        let shutdown = controller.handle();
        let serve = async { payments::serve(listener, Payments::default(), controller).await };
        let service = tokio::spawn(async { serve.await.map_err(drop) });
        Self { addr, shutdown, service }
    }

    async fn stop(self) {
        self.shutdown.trigger("the test");
        let report = self.service.await.unwrap().unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_payments_degrade_readiness_which_stays_200_and_recovers_with_them() {
    let payments = Running::start("127.0.0.1:0").await;
    let (addr, url) = (payments.addr, format!("http://{}", payments.addr));
    let shop =
        Shop::start(&[("PAYMENTS_URL", &url), ("STOREFRONT_HEALTH_INTERVAL_MS", "200")]).await;
    shop.ready_with("[+]payments ok\n").await;

    payments.stop().await;
    shop.ready_with("[!]payments degraded: cannot connect").await;
    // The whole list is shown without `?verbose` as well.
    let ready = shop.probe("/readyz");
    assert!(ready.body.contains("[!]payments degraded: "), "{ready:?}");
    assert!(ready.body.contains("[+]inventory ok\n"), "{ready:?}");
    assert_eq!(shop.probe("/readyz/payments").status, 200);

    let payments = Running::start(&addr.to_string()).await;
    shop.ready_with("[+]payments ok\n").await;
    payments.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_breaker_degrades_readiness() {
    // Accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let shop = Shop::start(&[
        ("INVENTORY_URL", &url),
        ("STOREFRONT_HEALTH_INTERVAL_MS", "200"),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "50"),
    ])
    .await;
    shop.ready_with("[+]inventory ok\n").await;
    let mut client = battlement_testkit::client::Http1::connect(shop.addr).await.unwrap();
    for _ in 0..5 {
        assert_eq!(client.get("/products/mug").await.unwrap().status, 200);
    }
    shop.ready_with("[!]inventory degraded: inventory is open").await;
}
