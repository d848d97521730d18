//! Requests of reqwest.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use battlement_retry::{HedgeLayer, Idempotency};
use reqwest::{Client, Request, Response};
use tokio::time::sleep;
use tower::{Layer as _, ServiceExt as _};

use crate::support::DELAY;

/// Returns the copies of a request whose first copy takes long.
async fn copies(layer: HedgeLayer<battlement_retry::Http>, request: Request) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let upstream = tower::service_fn(move |_: Request| {
        let number = counted.fetch_add(1, Relaxed);
        async move {
            sleep(if number == 0 { 10 * DELAY } else { DELAY }).await;
            Ok::<_, io::Error>(Response::from(http::Response::new("stock")))
        }
    });
    layer.after(DELAY).layer(upstream).oneshot(request).await.unwrap();
    count.load(Relaxed)
}

#[tokio::test(start_paused = true)]
async fn requests_with_a_body_in_memory_are_copied_if_they_may_be_repeated() {
    let client = Client::new();
    let url = "http://stock/orders";
    assert_eq!(copies(HedgeLayer::http(), client.get(url).build().unwrap()).await, 2);
    assert_eq!(copies(HedgeLayer::http(), client.post(url).build().unwrap()).await, 1);
    let keyed = client.post(url).header("idempotency-key", "7").body("order 7");
    assert_eq!(copies(HedgeLayer::http(), keyed.build().unwrap()).await, 2);
    let rules = Idempotency::default().rule(|_| Some(true));
    let layer = HedgeLayer::http().idempotency(rules);
    assert_eq!(copies(layer, client.post(url).build().unwrap()).await, 2);
    let upgrade = client.get(url).header("upgrade", "websocket");
    assert_eq!(copies(HedgeLayer::http(), upgrade.build().unwrap()).await, 1);
    let long = || client.put(url).body("order 7").build().unwrap();
    assert_eq!(copies(HedgeLayer::http(), long()).await, 2);
    assert_eq!(copies(HedgeLayer::http().replay_limit(6), long()).await, 1);
}
