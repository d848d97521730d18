//! What rate limits ask of a real Redis, on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, time::Duration};

use battlement_metrics::{
    Exposition, Format,
    rate_limit::{RateLimitMetrics, RedisMetrics},
};
use battlement_rate_limit::{
    Key, Policy, RateLimitLayer,
    redis::{OnFailure, Redis, State},
};
use battlement_testkit::{eventually, redis::Redis as Server};
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};

type Body = Empty<bytes::Bytes>;

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Empty::new()))
}

#[tokio::test]
async fn commands_questions_sources_and_the_state_are_on_the_page() {
    let mut server = Server::start().await.unwrap();
    let (limits, metrics) = (RateLimitMetrics::new(), RedisMetrics::new());
    let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5));
    let redis = redis.observe(metrics.clone()).build().unwrap();
    let layer = RateLimitLayer::new(Policy::per_day("day", 1), Key::global())
        .store(redis.store("orders", OnFailure::Allow))
        .observe(limits.clone());
    let ask = || layer.layer(service_fn(answer)).oneshot(Request::new(Body::new()));
    let page = || {
        let page = Exposition::new().rate_limit(&limits).rate_limit_redis(&metrics);
        page.render(Format::Text)
    };
    let has = |sample: &str| page().contains(sample);
    assert!(has("battlement_rate_limit_redis_state{state=\"connecting\"} 1\n"), "{}", page());
    for _ in 0..3 {
        ask().await.unwrap();
    }
    for (decision, source) in [("allow", "redis"), ("deny", "redis"), ("deny", "deny_cache")] {
        let labels = format!("{{policy=\"day\",decision=\"{decision}\",source=\"{source}\"}} 1\n");
        assert!(has(&format!("battlement_rate_limit_decisions_total{labels}")), "{}", page());
    }
    assert!(has("battlement_rate_limit_redis_state{state=\"up\"} 1\n"), "{}", page());
    assert!(!has("battlement_rate_limit_redis_seconds_count{result=\"ok\"} 0\n"), "{}", page());
    assert!(has("battlement_rate_limit_redis_questions_bucket{le=\"1.0\"}"), "{}", page());
    server.kill();
    let soon = Duration::from_secs(10);
    assert!(eventually(soon, || redis.state() == State::Down).await);
    assert!(eventually(soon, || has("redis_state{state=\"down\"} 1\n")).await, "{}", page());
    assert!(has("battlement_rate_limit_redis_state{state=\"up\"} 0\n"), "{}", page());
    ask().await.unwrap();
    let failed = "decisions_total{policy=\"day\",decision=\"allow\",source=\"failure\"}";
    assert!(has(failed) || has("source=\"deny_cache\"} 2\n"), "{}", page());
}
