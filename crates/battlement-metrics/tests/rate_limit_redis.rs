//! Metrics of rate limits in a real Redis on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, time::Duration};

use battlement_metrics::{
    Exposition, Format,
    rate_limit::{RateLimitMetrics, RedisMetrics},
};
use battlement_rate_limit::{Key, Policies, Policy, RateLimitLayer};
use battlement_rate_limit_redis::{OnFailure, Redis, Share, State};
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

#[tokio::test]
async fn a_watched_limiter_shows_its_policies_at_zero_before_the_first_request() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5)).build().unwrap();
    let gold = Policies::from(Policy::per_day("gold", 9));
    for (on_failure, last) in [
        (OnFailure::Deny, "failure"),
        (OnFailure::Allow, "failure"),
        (OnFailure::LocalFallback { share: Share::one_in(2) }, "fallback"),
    ] {
        let limits = RateLimitMetrics::new();
        let policies = [Policy::per_day("day", 1), Policy::per_day("tried", 1).shadow(true)];
        let (layer, handle) = RateLimitLayer::new(policies, Key::global())
            .store(redis.store(last, on_failure))
            .observe(limits.clone())
            .pair();
        limits.watch("shop", &handle);
        limits.watch_tier(&handle, &gold);
        let page = || Exposition::new().rate_limit(&limits).render(Format::Text);
        let before = page();
        for source in ["redis", "deny_cache", last] {
            for (policy, refused) in [("day", "deny"), ("tried", "shadow_deny"), ("gold", "deny")] {
                for decision in ["allow", refused] {
                    let labels = format!(
                        "{{policy=\"{policy}\",decision=\"{decision}\",source=\"{source}\"}} 0\n"
                    );
                    let sample = format!("battlement_rate_limit_decisions_total{labels}");
                    assert!(before.contains(&sample), "{sample} is missing in {before}");
                }
            }
        }
        for name in ["cells", "overflows_total", "denied_keys"] {
            let sample = format!("battlement_rate_limit_{name}{{limiter=\"shop\"}} 0\n");
            assert!(before.contains(&sample), "{sample} is missing in {before}");
        }
        for _ in 0..2 {
            layer.layer(service_fn(answer)).oneshot(Request::new(Body::new())).await.unwrap();
        }
        let after = page();
        assert!(after.contains("denied_keys{limiter=\"shop\"} 1\n"), "{after}");
        handle.reset(handle.key(&Request::new(())).unwrap()).await.unwrap();
    }
}
