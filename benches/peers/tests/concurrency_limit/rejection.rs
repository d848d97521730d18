use battlement_concurrency_limit::{ConcurrencyLimitLayer, Overloaded, Reason, judge_error};
use tower::{
    BoxError, Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimitLayer as TowerLayer,
    load_shed::LoadShed, service_fn,
};
use tower_resilience_bulkhead::{BulkheadError, BulkheadServiceError};

use crate::{aimd, begin, bulkhead, hangs};

#[tokio::test]
async fn a_rejection_by_load_shed_is_a_boxed_error_without_a_time() {
    let service = LoadShed::new(TowerLayer::new(1).layer(service_fn(hangs)));
    let _first = begin(service.clone().oneshot(())).unwrap();
    let error: BoxError = begin(service.oneshot(())).err().unwrap().unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>() && error.source().is_none());
    assert_eq!(error.to_string(), "service overloaded");

    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error();
    let service = ours.layer(service_fn(hangs));
    let _first = begin(service.clone().oneshot(())).unwrap();
    let error = begin(service.oneshot(())).err().unwrap().unwrap_err();
    let overloaded = error.downcast_ref::<Overloaded>().unwrap();
    assert_eq!(overloaded.reason(), Reason::Full);
    assert!((1..=3).contains(&overloaded.retry_after().as_secs()));
}

#[tokio::test]
async fn a_bulkhead_that_does_not_wait_reports_a_timeout() {
    let layer = bulkhead(1).reject_when_full().build().unwrap();
    let service = layer.layer(service_fn(hangs));
    let _first = begin(service.clone().oneshot(())).unwrap();
    let error = service.oneshot(()).await.unwrap_err();
    assert!(matches!(error, BulkheadServiceError::Bulkhead(BulkheadError::Timeout)));
}

/// Creates a call whose future holds a kilobyte.
async fn large(_: ()) -> Result<(), std::io::Error> {
    let held = std::hint::black_box([0_u8; 1024]);
    tokio::task::yield_now().await;
    if held[0] == 0 { Ok(()) } else { Err(std::io::ErrorKind::Other.into()) }
}

#[tokio::test]
async fn tower_resilience_boxes_each_call_and_tower_does_not() {
    let boxed = size_of::<Box<dyn Future<Output = ()>>>();
    let layer = bulkhead(1).build().unwrap();
    assert_eq!(size_of_val(&layer.layer(service_fn(large)).call(())), boxed);
    let mut adaptive = aimd(1).layer(service_fn(large));
    adaptive.ready().await.unwrap();
    assert_eq!(size_of_val(&adaptive.call(())), boxed);
    let mut tower = TowerLayer::new(1).layer(service_fn(large));
    tower.ready().await.unwrap();
    assert!(size_of_val(&tower.call(())) > 1024);

    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error();
    assert!(size_of_val(&ours.layer(service_fn(large)).call(())) > 1024);
}

#[tokio::test]
async fn tower_resilience_wraps_the_errors_of_the_service() {
    let fails = service_fn(async |()| Err::<(), _>(std::fmt::Error));
    let layer = bulkhead(1).build().unwrap();
    let error = layer.layer(fails).oneshot(()).await.unwrap_err();
    assert!(std::error::Error::source(&error).is_none());
    assert!(matches!(error, BulkheadServiceError::Inner(std::fmt::Error)));
    let error = aimd(1).layer(fails).oneshot(()).await.unwrap_err();
    assert!(std::error::Error::source(&error).is_none());

    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error();
    assert!(ours.layer(fails).oneshot(()).await.unwrap_err().is::<std::fmt::Error>());
}
