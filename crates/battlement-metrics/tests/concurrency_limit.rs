//! Counts and gauges of battlement's concurrency limits on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{convert::Infallible, time::Duration};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, Handle, Observe, Reason};
use battlement_metrics::{Exposition, Format, concurrency_limit::ConcurrencyLimitMetrics};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::accepted;

type Answer = Response<Full<Bytes>>;

fn service()
-> impl Service<Request<()>, Response = Answer, Error = Infallible, Future: Send> + Clone {
    service_fn(async |_| Ok(Response::new(Full::from("answered"))))
}

fn layer(limit: usize) -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::fixed(limit)
        .classes([("orders", 0.0), ("browsing", 0.0)])
        .class(|head| if head.uri.path() == "/orders" { "orders" } else { "browsing" })
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

/// Asserts that the page of `metrics`, which the readers of Prometheus accept, has each of `samples`.
fn has(metrics: &ConcurrencyLimitMetrics, samples: &[&str]) {
    let page = Exposition::new().concurrency_limit(metrics).concurrency_limit(&metrics.clone());
    let [text, _] = accepted(&page);
    for sample in samples {
        assert!(
            text.contains(&format!("battlement_concurrency_limit_{sample}\n")),
            "{sample}: {text}"
        );
    }
}

#[tokio::test]
async fn a_scrape_reads_the_limit_and_the_calls_in_flight_by_class() {
    let metrics = ConcurrencyLimitMetrics::new();
    let (layer, handle) = layer(3).observe(metrics.limiter("shop")).pair();
    metrics.watch("shop", &handle);
    let service = layer.layer(service());
    let order = service.clone().oneshot(get("/orders")).await.unwrap();
    let page = service.clone().oneshot(get("/")).await.unwrap();
    has(
        &metrics,
        &[
            r#"limit{limiter="shop"} 3"#,
            r#"in_flight{limiter="shop",class="orders"} 1"#,
            r#"in_flight{limiter="shop",class="browsing"} 1"#,
            r#"queued{limiter="shop",class="browsing"} 0"#,
        ],
    );
    order.into_body().collect().await.unwrap();
    handle.set_limit(2);
    has(
        &metrics,
        &[
            r#"limit{limiter="shop"} 2"#,
            r#"in_flight{limiter="shop",class="orders"} 0"#,
            r#"in_flight{limiter="shop",class="browsing"} 1"#,
            r#"changes_total{limiter="shop",cause="handle"} 1"#,
        ],
    );
    drop(page);
}

#[tokio::test]
async fn rejections_are_counted_by_reason_and_class() {
    let metrics = ConcurrencyLimitMetrics::new();
    let (layer, _handle) = layer(1).observe(metrics.limiter("shop")).pair();
    let service = layer.layer(service());
    let held = service.clone().oneshot(get("/orders")).await.unwrap();
    for path in ["/", "/orders", "/"] {
        assert_eq!(service.clone().oneshot(get(path)).await.unwrap().status(), 503);
    }
    has(
        &metrics,
        &[
            r#"rejections_total{limiter="shop",reason="full",class="orders"} 1"#,
            r#"rejections_total{limiter="shop",reason="full",class="browsing"} 2"#,
            r#"rejections_total{limiter="shop",reason="queue_timeout",class="browsing"} 0"#,
        ],
    );
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_is_counted_with_its_time() {
    let metrics = ConcurrencyLimitMetrics::new();
    let layer = layer(1).observe(metrics.limiter("shop")).queue(1, Duration::from_secs(1));
    let (layer, handle): (_, Handle) = layer.pair();
    metrics.watch("shop", &handle);
    let service = layer.layer(service());
    let held = service.clone().oneshot(get("/orders")).await.unwrap();
    let waiting = tokio::spawn(service.clone().oneshot(get("/orders")));
    tokio::time::sleep(Duration::from_millis(30)).await;
    has(&metrics, &[r#"queued{limiter="shop",class="orders"} 1"#]);
    drop(held);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    has(
        &metrics,
        &[
            r#"queued{limiter="shop",class="orders"} 0"#,
            r#"queue_seconds_bucket{limiter="shop",class="orders",le="0.02"} 0"#,
            r#"queue_seconds_bucket{limiter="shop",class="orders",le="0.05"} 1"#,
            r#"queue_seconds_count{limiter="shop",class="browsing"} 0"#,
        ],
    );
}

#[test]
fn every_count_is_at_0_from_the_start() {
    let metrics = ConcurrencyLimitMetrics::new();
    let (_layer, _handle) = layer(1).observe(metrics.limiter("shop")).pair();
    let page = Exposition::new().concurrency_limit(&metrics).render(Format::Text);
    let samples = page.lines().filter(|line| line.starts_with("battlement_concurrency_limit_"));
    let counts: Vec<_> = samples.filter(|line| !line.contains("_bucket")).collect();
    // Four reasons by class, four causes, and a count and a sum of queue times by class.
    assert_eq!(counts.len(), 2 * 4 + 4 + 2 * 2, "{page}");
    assert!(counts.iter().all(|line| line.ends_with(" 0")), "{page}");
}

#[test]
fn a_limit_without_classes_has_one_called_default() {
    let metrics = ConcurrencyLimitMetrics::new();
    let layer = ConcurrencyLimitLayer::adaptive().observe(metrics.limiter("shop"));
    let (_layer, handle) = layer.pair();
    metrics.watch("shop", &handle);
    has(
        &metrics,
        &[
            r#"limit{limiter="shop"} 20"#,
            r#"in_flight{limiter="shop",class="default"} 0"#,
            r#"rejections_total{limiter="shop",reason="full",class="default"} 0"#,
        ],
    );
}

#[test]
fn classes_beyond_the_maximum_share_their_series() {
    let metrics = ConcurrencyLimitMetrics::new();
    for at in 0..259 {
        let limiter = metrics.limiter(&format!("limit {at}"));
        limiter.classes(&["default".into()]);
        limiter.queued(Duration::from_millis(1), 0);
        limiter.rejected(Reason::Full, 0);
    }
    let page = Exposition::new().concurrency_limit(&metrics).render(Format::Text);
    for sample in [
        r#"queue_seconds_count{otel_metric_overflow="true"} 3"#,
        r#"rejections_total{otel_metric_overflow="true"} 9"#,
    ] {
        assert!(page.contains(&format!("battlement_concurrency_limit_{sample}\n")), "{page}");
    }
}
