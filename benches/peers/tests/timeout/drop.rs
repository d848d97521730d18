use std::{
    convert::Infallible,
    future::pending,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_timeout::TimeoutLayer;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{
    Layer as _, Service, ServiceExt as _, service_fn, timeout::Timeout, util::BoxCloneSyncService,
};
use tower_http::timeout::TimeoutLayer as HttpTimeoutLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

use crate::{Answer, LIMIT, hang, of_seatbelt};

/// Sets a flag when it is dropped.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Guarded = BoxCloneSyncService<Request<()>, Response<Full<Bytes>>, Infallible>;

/// Returns a service that never answers, and whether its call was dropped.
fn guarded() -> (Guarded, Arc<AtomicBool>) {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&dropped);
    let service = service_fn(move |_: Request<()>| {
        let guard = Guard(Arc::clone(&flag));
        async move {
            let _guard = guard;
            pending::<Answer>().await
        }
    });
    (BoxCloneSyncService::new(service), dropped)
}

#[tokio::test(start_paused = true)]
async fn tower_and_tower_http_keep_an_expired_call_until_their_future_is_dropped() {
    let (service, dropped) = guarded();
    let mut call = pin!(Timeout::new(service, LIMIT).call(Request::new(())));
    assert!(call.as_mut().await.is_err());
    assert!(!dropped.load(Ordering::Relaxed));

    let (service, dropped) = guarded();
    let layer = HttpTimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT);
    let mut service = layer.layer(service);
    let mut call = pin!(service.call(Request::new(())));
    assert_eq!(call.as_mut().await.unwrap().status(), 504);
    assert!(!dropped.load(Ordering::Relaxed));

    let (service, dropped) = guarded();
    let mut service = TimeoutLayer::new(LIMIT).layer(service);
    let mut call = pin!(service.call(Request::new(())));
    assert_eq!(call.as_mut().await.unwrap().status(), 504);
    assert!(dropped.load(Ordering::Relaxed));
}

#[tokio::test]
async fn tower_resilience_and_seatbelt_drop_an_expired_call_at_once() {
    let (service, dropped) = guarded();
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    let mut call = limiter.layer(service).call(Request::new(()));
    assert!((&mut call).await.is_err() && dropped.load(Ordering::Relaxed));

    let (service, dropped) = guarded();
    let mut call = of_seatbelt().layer(service).call(Request::new(()));
    assert!((&mut call).await.is_ok() && dropped.load(Ordering::Relaxed));
}

/// Returns whether the metrics of a request contain `label`.
fn counts(metrics: &HttpMetrics, label: &str) -> bool {
    let page = Exposition::new().metrics(metrics).render(Format::Text);
    page.lines()
        .any(|line| line.contains("_count{") && line.contains(label) && line.ends_with(" 1"))
}

#[tokio::test(start_paused = true)]
async fn metrics_inside_a_limit_of_a_peer_count_the_expired_call_as_cancelled() {
    let metrics = HttpMetrics::new();
    let inner = metrics.server_layer().layer(service_fn(hang));
    assert!(Timeout::new(inner, LIMIT).oneshot(Request::new(())).await.is_err());
    assert!(counts(&metrics, r#"error_type="cancelled""#));

    let metrics = HttpMetrics::new();
    let inner = metrics.server_layer().layer(service_fn(hang));
    let layer = HttpTimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT);
    layer.layer(inner).oneshot(Request::new(())).await.unwrap();
    assert!(counts(&metrics, r#"error_type="cancelled""#));

    let metrics = HttpMetrics::new();
    let inner = metrics.server_layer().layer(service_fn(hang));
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    assert!(limiter.layer(inner).oneshot(Request::new(())).await.is_err());
    assert!(counts(&metrics, r#"error_type="cancelled""#));

    let metrics = HttpMetrics::new();
    let inner = metrics.server_layer().layer(service_fn(hang));
    TimeoutLayer::new(LIMIT).layer(inner).oneshot(Request::new(())).await.unwrap();
    assert!(counts(&metrics, r#"error_type="timeout""#));
}

#[tokio::test]
async fn metrics_inside_a_limit_of_seatbelt_count_the_expired_call_as_cancelled() {
    let metrics = HttpMetrics::new();
    let inner = metrics.server_layer().layer(service_fn(hang));
    of_seatbelt().layer(inner).oneshot(Request::new(())).await.unwrap();
    assert!(counts(&metrics, r#"error_type="cancelled""#));
}
