//! Counts of battlement's circuit breakers on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{io, time::Duration};

use battlement_circuit_breaker::{CallOutcome, CircuitBreakerLayer, FallbackLayer, Http, Observe};
use battlement_metrics::{Exposition, Format, circuit_breaker::CircuitBreakerMetrics};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use self::page::accepted;

/// Calls a service that always answers with `status`.
async fn call(layer: &CircuitBreakerLayer<Http>, host: &str, status: StatusCode) {
    let service = layer.layer(service_fn(move |_| async move {
        let mut response = Response::new(Full::<Bytes>::default());
        *response.status_mut() = status;
        Ok::<_, io::Error>(response)
    }));
    let request = Request::get(format!("http://{host}/")).body(Full::<Bytes>::default()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

/// Asserts that the page of `metrics`, which the readers of Prometheus accept, has each of `samples`.
fn has(metrics: &CircuitBreakerMetrics, samples: &[&str]) {
    let page = Exposition::new().circuit_breaker(metrics).circuit_breaker(&metrics.clone());
    let [text, _] = accepted(&page);
    for sample in samples {
        assert!(
            text.contains(&format!("battlement_circuit_breaker_{sample}\n")),
            "{sample}: {text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn states_verdicts_and_rejections_are_counted_by_breaker() {
    let metrics = CircuitBreakerMetrics::new();
    let layer = CircuitBreakerLayer::new("billing").observe(metrics.breaker("billing"));
    has(&metrics, &[r#"state{breaker="billing",state="closed"} 0"#]);
    call(&layer, "billing", StatusCode::OK).await;
    for _ in 0..7 {
        call(&layer, "billing", StatusCode::BAD_GATEWAY).await;
    }
    has(
        &metrics,
        &[
            r#"state{breaker="billing",state="closed"} 0"#,
            r#"state{breaker="billing",state="open"} 1"#,
            r#"state{breaker="billing",state="half_open"} 0"#,
            r#"transitions_total{breaker="billing",state="open"} 1"#,
            r#"calls_total{breaker="billing",outcome="success"} 1"#,
            r#"calls_total{breaker="billing",outcome="server"} 5"#,
            r#"rejections_total{breaker="billing"} 2"#,
        ],
    );
    tokio::time::advance(Duration::from_secs(5)).await;
    for _ in 0..2 {
        call(&layer, "billing", StatusCode::OK).await;
    }
    has(
        &metrics,
        &[
            r#"state{breaker="billing",state="closed"} 1"#,
            r#"state{breaker="billing",state="open"} 0"#,
            r#"transitions_total{breaker="billing",state="closed"} 1"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_states_of_keys_are_added_up() {
    let metrics = CircuitBreakerMetrics::new();
    let layer = CircuitBreakerLayer::per_authority()
        .max_keys(4)
        .max_open(0.25)
        .observe(metrics.breaker("client"));
    for host in ["a", "b", "c", "d", "e"] {
        call(&layer, host, StatusCode::OK).await;
    }
    for host in ["a", "b"] {
        for _ in 0..5 {
            call(&layer, host, StatusCode::BAD_GATEWAY).await;
        }
    }
    has(
        &metrics,
        &[
            // Four keys, and the state that further ones share.
            r#"state{breaker="client",state="closed"} 4"#,
            r#"state{breaker="client",state="open"} 1"#,
            r#"overflows_total{breaker="client"} 1"#,
            r#"held_closed_total{breaker="client"} 1"#,
        ],
    );
}

#[tokio::test]
async fn fallbacks_are_counted_by_their_outcome() {
    let metrics = CircuitBreakerMetrics::new();
    let refuse = service_fn(async |_: u32| Err::<u32, _>(io::Error::other("refused")));
    let layer = FallbackLayer::any_closure(|query: &u32, _| (*query > 1).then_some(*query));
    let service = layer.observe(metrics.breaker("billing")).layer(refuse);
    for query in [1, 2, 3] {
        assert_eq!(service.clone().oneshot(query).await.is_ok(), query > 1);
    }
    has(
        &metrics,
        &[
            r#"fallbacks_total{breaker="billing",outcome="answered"} 2"#,
            r#"fallbacks_total{breaker="billing",outcome="failed"} 1"#,
            r#"fallbacks_total{breaker="billing",outcome="body_lost"} 0"#,
        ],
    );
}

#[test]
fn every_series_is_at_0_from_the_start() {
    let metrics = CircuitBreakerMetrics::new();
    let _observer = metrics.breaker("billing");
    let page = Exposition::new().circuit_breaker(&metrics).render(Format::Text);
    let samples = page.lines().filter(|line| line.starts_with("battlement_circuit_breaker_"));
    assert_eq!(samples.clone().count(), 5 + 5 + 8 + 4 + 3);
    assert!(samples.clone().all(|line| line.ends_with(" 0")), "{page}");
}

#[test]
fn breakers_beyond_the_limit_share_their_series() {
    let metrics = CircuitBreakerMetrics::new();
    for at in 0..67 {
        metrics.breaker(&format!("breaker {at}")).judged(CallOutcome::Success);
    }
    metrics.breaker("breaker 0").judged(CallOutcome::Success);
    let page = Exposition::new().circuit_breaker(&metrics).render(Format::Text);
    assert_eq!(page.matches("battlement_circuit_breaker_rejections_total{").count(), 65);
    let told =
        "battlement_metrics_overflow_total{metric=\"battlement_circuit_breaker_calls_total\"} 3\n";
    assert!(page.contains(told), "{page}");
}
