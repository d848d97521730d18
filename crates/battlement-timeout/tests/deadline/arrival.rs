use std::time::Duration;

use battlement_core::RequestFacts;
use battlement_timeout::{DeadlineLayer, TimeoutHeader};
use tokio::time::{Instant, advance};

use crate::served::{MS, get, grpc, left};

const NAME: &str = "x-request-timeout-ms";

fn with_header() -> DeadlineLayer {
    DeadlineLayer::new().header(TimeoutHeader::default()).trust(|_| true)
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_usable_value_gets_the_default() {
    assert_eq!(left(&DeadlineLayer::new(), get(&[])).await, 30_000 * MS);
    for value in ["", "soon", "-1", "123456789", "1.5"] {
        assert_eq!(left(&with_header(), get(&[(NAME, value)])).await, 30_000 * MS, "{value}");
    }
    for value in ["", "soon", "-1m", "123456789m", "5"] {
        assert_eq!(left(&DeadlineLayer::new(), grpc(&[value])).await, 30_000 * MS, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_value_counts_as_absent() {
    assert_eq!(left(&DeadlineLayer::new(), grpc(&["5m", "9m"])).await, 30_000 * MS);
    assert_eq!(left(&with_header(), get(&[(NAME, "5"), (NAME, "9")])).await, 30_000 * MS);
    let of_another = [("cookie", "a=1"), (NAME, "5"), ("cookie", "b=2")];
    assert_eq!(left(&with_header(), get(&of_another)).await, 5 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_value_replaces_the_default_and_is_at_most_the_maximum() {
    for (value, expected) in [("200", 200), ("45000", 45_000), ("99999999", 60_000)] {
        assert_eq!(left(&with_header(), get(&[(NAME, value)])).await, expected * MS);
    }
    assert_eq!(left(&DeadlineLayer::new(), grpc(&["200m"])).await, 200 * MS);
    assert_eq!(left(&DeadlineLayer::new(), grpc(&["99H"])).await, 60_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn of_two_values_the_shorter_applies() {
    for (in_grpc, in_header) in [("200m", "300"), ("300m", "200")] {
        let mut request = grpc(&[in_grpc]);
        request.headers_mut().insert(NAME, in_header.parse().unwrap());
        assert_eq!(left(&with_header(), request).await, 200 * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_grpc_is_read_for_its_content_type_alone() {
    let mut request = grpc(&["200m"]);
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert_eq!(left(&DeadlineLayer::new(), request).await, 30_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_time_counts_from_the_start_of_the_request() {
    let mut request = get(&[]);
    RequestFacts::of_or_start(&mut request);
    advance(12_000 * MS).await;
    assert_eq!(left(&DeadlineLayer::new(), request).await, 18_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn of_two_layers_the_earlier_deadline_applies() {
    use tower::{Layer, ServiceExt, service_fn};
    let handler = service_fn(async |request: http::Request<()>| {
        let facts = RequestFacts::of(&request).unwrap();
        let left = facts.deadline().unwrap().instant() - facts.start();
        Ok::<_, std::convert::Infallible>(http::Response::new(format!("{left:?}")))
    });
    let (short, long) = (DeadlineLayer::new().default_limit(5 * MS), DeadlineLayer::new());
    let outer_short = short.layer(long.layer(handler)).oneshot(get(&[])).await.unwrap();
    let outer_long = long.layer(short.layer(handler)).oneshot(get(&[])).await.unwrap();
    for response in [outer_short, outer_long] {
        use http_body_util::BodyExt as _;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "5ms");
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_settings_do_not_overflow() {
    let layer = DeadlineLayer::new().max(Duration::MAX).default_limit(Duration::MAX);
    let before = Instant::now();
    assert!(left(&layer, get(&[])).await > 1_000_000_000 * MS);
    assert_eq!(before.elapsed(), Duration::ZERO);
}
