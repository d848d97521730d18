//! Counts of battlement's retries on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use battlement_metrics::{Exposition, Format, retry::RetryMetrics};
use battlement_retry::{
    AttemptOutcome, Backoff, Budget, Budgets, HedgeLayer, Http, Jitter, Observe, RetryLayer,
    StopReason,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use self::page::accepted;

type Body = Full<Bytes>;

const SECOND: Duration = Duration::from_secs(1);

/// Calls a service that always answers with `status`.
async fn call(layer: &RetryLayer<Http>, method: &str, status: StatusCode) {
    let service = layer.layer(service_fn(move |_| async move {
        let mut response = Response::new(Body::default());
        *response.status_mut() = status;
        Ok::<_, io::Error>(response)
    }));
    let request = Request::builder().method(method).uri("http://shop/").body(Body::default());
    assert_eq!(service.oneshot(request.unwrap()).await.unwrap().status(), status);
}

/// Asserts that the page of `metrics`, which the readers of Prometheus accept, has each of `samples`.
fn has(metrics: &RetryMetrics, samples: &[impl AsRef<str>]) {
    let [text, _] = accepted(&Exposition::new().retry(metrics).retry(&metrics.clone()));
    for sample in samples.iter().map(AsRef::as_ref) {
        assert!(text.contains(&format!("battlement_retry_{sample}\n")), "{sample}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_retries_and_waits_are_counted_by_client() {
    let metrics = RetryMetrics::new();
    let backoff = Backoff::new(Jitter::Equal, SECOND, SECOND);
    let layer = RetryLayer::http().backoff(backoff).observe(metrics.client("shop"));
    call(&layer, "GET", StatusCode::OK).await;
    call(&layer, "GET", StatusCode::BAD_GATEWAY).await;
    call(&layer, "POST", StatusCode::BAD_GATEWAY).await;
    let other = RetryLayer::http().observe(metrics.client("stock"));
    call(&other, "GET", StatusCode::SERVICE_UNAVAILABLE).await;
    has(
        &metrics,
        &[
            r#"attempts_total{client="shop",outcome="success"} 1"#,
            r#"attempts_total{client="shop",outcome="server"} 4"#,
            r#"attempts_total{client="shop",outcome="overload"} 0"#,
            r#"attempts_total{client="stock",outcome="overload"} 3"#,
            r#"retries_total{client="shop"} 2"#,
            r#"wait_seconds_bucket{client="shop",le="0.25"} 0"#,
            r#"wait_seconds_bucket{client="shop",le="1.0"} 2"#,
            r#"wait_seconds_count{client="shop"} 2"#,
            r#"stopped_total{client="shop",reason="exhausted"} 1"#,
            r#"stopped_total{client="shop",reason="not_idempotent"} 1"#,
            r#"stopped_total{client="shop",reason="budget"} 0"#,
            r#"stopped_total{client="stock",reason="exhausted"} 1"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_read_at_the_scrape_and_recovers_without_a_call() {
    let metrics = RetryMetrics::new();
    let budget = Budget::new(0.0, 1);
    // The budget may be set after the observer.
    let layer = RetryLayer::http().observe(metrics.client("shop")).budget(budget);
    call(&layer, "GET", StatusCode::OK).await;
    has(&metrics, &[r#"budget_remaining{client="shop"} 10"#]);
    for _ in 0..6 {
        call(&layer, "GET", StatusCode::BAD_GATEWAY).await;
    }
    let spent = r#"stopped_total{client="shop",reason="budget"} 1"#;
    has(&metrics, &[r#"budget_remaining{client="shop"} 0"#, spent]);
    tokio::time::advance(11 * SECOND).await;
    has(&metrics, &[r#"budget_remaining{client="shop"} 10"#, spent]);
}

#[tokio::test(start_paused = true)]
async fn budgets_by_authority_show_the_fewest_retries_and_how_many_there_are() {
    let metrics = RetryMetrics::new();
    let budgets = Budget::new(0.0, 1).per_authority(100);
    let layer = RetryLayer::http().budget(budgets.clone()).observe(metrics.client("any"));
    call(&layer, "GET", StatusCode::BAD_GATEWAY).await;
    let _ = budgets.of(Some(&"well:80".parse().unwrap()));
    has(
        &metrics,
        &[
            r#"budget_remaining{client="any"} 8"#,
            r#"budget_authorities{client="any"} 2"#,
            r#"budget_authorities_max{client="any"} 100"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_budget_has_no_number_of_retries_left() {
    let metrics = RetryMetrics::new();
    let layer = RetryLayer::http().budget(Budgets::Unlimited).observe(metrics.client("shop"));
    call(&layer, "GET", StatusCode::BAD_GATEWAY).await;
    has(&metrics, &[r#"retries_total{client="shop"} 2"#]);
    let page = Exposition::new().retry(&metrics).render(Format::Text);
    for absent in ["budget_remaining{", "budget_authorities{", "budget_authorities_max{"] {
        assert!(!page.contains(absent), "{page}");
    }
}

#[test]
fn every_outcome_and_reason_of_a_client_has_a_series_from_the_start() {
    let metrics = RetryMetrics::new();
    let _observer = metrics.client("shop");
    let outcomes = AttemptOutcome::ALL.map(AttemptOutcome::as_str);
    let attempts =
        outcomes.map(|outcome| format!(r#"attempts_total{{client="shop",outcome="{outcome}"}} 0"#));
    let reasons = StopReason::ALL.map(StopReason::as_str);
    let stopped =
        reasons.map(|reason| format!(r#"stopped_total{{client="shop",reason="{reason}"}} 0"#));
    has(&metrics, &attempts);
    has(&metrics, &stopped);
    has(&metrics, &[r#"retries_total{client="shop"} 0"#, r#"wait_seconds_count{client="shop"} 0"#]);
}

#[test]
fn each_outcome_and_reason_is_counted_in_its_own_series() {
    let metrics = RetryMetrics::new();
    let observer = metrics.client("shop");
    let mut samples = vec![r#"wait_seconds_bucket{client="shop",le="+Inf"} 1"#.to_owned()];
    observer.retry(Duration::MAX);
    for (n, outcome) in (1..).zip(AttemptOutcome::ALL) {
        (0..n).for_each(|_| observer.attempt(outcome));
        let label = format!(r#"client="shop",outcome="{}""#, outcome.as_str());
        samples.push(format!("attempts_total{{{label}}} {n}"));
    }
    for (n, reason) in (1..).zip(StopReason::ALL) {
        (0..n).for_each(|_| observer.stopped(reason));
        let label = format!(r#"client="shop",reason="{}""#, reason.as_str());
        samples.push(format!("stopped_total{{{label}}} {n}"));
    }
    has(&metrics, &samples);
}

#[tokio::test(start_paused = true)]
async fn copies_of_slow_calls_are_counted_and_take_from_the_budget_that_is_shown() {
    let metrics = RetryMetrics::new();
    let layer = HedgeLayer::http().after(SECOND).budget(Budget::new(0.0, 1));
    let layer = layer.observe(metrics.client("shop"));
    // The first copy takes a minute, and each further one answers at once.
    let calls = Arc::new(AtomicU32::new(0));
    let service = layer.layer(service_fn(move |_| {
        let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if is_first {
                tokio::time::sleep(60 * SECOND).await;
            }
            Ok::<_, io::Error>(Response::new(Body::default()))
        }
    }));
    let request = Request::get("http://shop/").body(Body::default()).unwrap();
    service.oneshot(request).await.unwrap();
    has(
        &metrics,
        &[
            r#"hedges_total{client="shop"} 1"#,
            r#"hedges_won_total{client="shop"} 1"#,
            r#"hedges_stopped_total{client="shop",reason="budget"} 0"#,
            r#"budget_remaining{client="shop"} 9"#,
        ],
    );
    metrics.client("shop").hedge_stopped(StopReason::Deadline);
    has(&metrics, &[r#"hedges_stopped_total{client="shop",reason="deadline"} 1"#]);
}

#[test]
fn a_name_has_one_set_of_series_and_names_beyond_64_share_one() {
    let metrics = RetryMetrics::new();
    for name in (0..64).chain(0..64) {
        metrics.client(&name.to_string()).attempt(AttemptOutcome::Success);
    }
    has(&metrics, &[r#"attempts_total{client="63",outcome="success"} 2"#]);
    for name in 64..67 {
        metrics.client(&name.to_string()).attempt(AttemptOutcome::Timeout);
    }
    let shared = r#"attempts_total{otel_metric_overflow="true",outcome="timeout"} 3"#;
    has(&metrics, &[shared, r#"retries_total{otel_metric_overflow="true"} 0"#]);
    let page = Exposition::new().retry(&metrics).render(Format::Text);
    assert_eq!(page.matches("battlement_retry_retries_total{").count(), 65);
    let told = "battlement_metrics_overflow_total{metric=\"battlement_retry_attempts_total\"} 3\n";
    assert!(page.contains(told), "{page}");
}
