//! Metrics of rate limit decisions on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::convert::Infallible;

use battlement_metrics::{Exposition, Format, rate_limit::RateLimitMetrics};
use battlement_rate_limit::{Key, MissingKey, Policy, RateLimitLayer};
use http::{HeaderName, Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};

use self::page::accepted;

type Body = Empty<bytes::Bytes>;

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Empty::new()))
}

fn page(limits: &RateLimitMetrics) -> String {
    Exposition::new().rate_limit(limits).render(Format::Text)
}

async fn ask(limit: &RateLimitLayer, times: usize) {
    for _ in 0..times {
        limit.layer(service_fn(answer)).oneshot(Request::new(Body::new())).await.unwrap();
    }
}

#[tokio::test]
async fn every_decision_is_counted_by_its_policy() {
    let limits = RateLimitMetrics::new();
    let policies = [Policy::per_hour("all", 3), Policy::per_hour("tried", 1).shadow(true)];
    let limit = RateLimitLayer::new(policies, Key::global()).observe(limits.clone());
    ask(&limit, 5).await;
    let page = page(&limits);
    for sample in [
        r#"{policy="all",decision="allow",source="memory"} 3"#,
        r#"{policy="all",decision="deny",source="memory"} 2"#,
        r#"{policy="tried",decision="shadow_deny",source="memory"} 4"#,
    ] {
        assert!(page.contains(&format!("battlement_rate_limit_decisions_total{sample}")), "{page}");
    }
    assert!(page.contains("# TYPE battlement_rate_limit_decisions_total counter\n"));
}

#[tokio::test]
async fn a_watched_limiter_shows_its_policies_at_zero_and_what_it_holds() {
    let limits = RateLimitMetrics::new();
    let limit = RateLimitLayer::new([Policy::per_hour("all", 3)], Key::global());
    let (limit, handle) = limit.observe(limits.clone()).pair();
    limits.watch("shop", &handle);
    let before = page(&limits);
    let denied = r#"decisions_total{policy="all",decision="deny",source="memory"} "#;
    assert!(before.contains(&format!("{denied}0\n")), "{before}");
    assert!(before.contains("battlement_rate_limit_cells{limiter=\"shop\"} 0\n"), "{before}");
    ask(&limit, 4).await;
    let after = page(&limits);
    assert!(after.contains(&format!("{denied}1\n")), "{after}");
    assert!(after.contains("battlement_rate_limit_cells{limiter=\"shop\"} 1\n"), "{after}");
    assert!(after.contains("battlement_rate_limit_overflows_total{limiter=\"shop\"} 0\n"));
}

#[tokio::test]
async fn requests_without_a_key_and_full_memory_are_told() {
    let limits = RateLimitMetrics::new();
    let by_header = RateLimitLayer::new(
        [Policy::per_hour("all", 3)],
        Key::header(HeaderName::from_static("x-key")),
    );
    let limit = by_header.observe(limits.clone()).without_key(MissingKey::Shared);
    ask(&limit, 2).await;
    assert!(page(&limits).contains("battlement_rate_limit_missing_keys_total 2\n"));

    let limits = RateLimitMetrics::new();
    let by_header = RateLimitLayer::new(
        [Policy::per_hour("all", 3)],
        Key::header(HeaderName::from_static("x-key")),
    );
    let (limit, handle) = by_header.capacity(1).observe(limits.clone()).pair();
    limits.watch("small", &handle);
    for n in 0..1_000 {
        let request = Request::builder().header("x-key", n).body(Body::new()).unwrap();
        limit.layer(service_fn(answer)).oneshot(request).await.unwrap();
    }
    let page = page(&limits);
    let value = |start: &str| -> f64 {
        let line = page.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("{start} is missing: {page}")).parse().unwrap()
    };
    let overflows = value("battlement_rate_limit_overflows_total{limiter=\"small\"} ");
    assert!(overflows > 900.0, "{overflows}");
    assert!(page.contains("source=\"overflow\""), "{page}");
}

#[tokio::test]
async fn the_same_limits_on_a_page_twice_are_shown_once() {
    let limits = RateLimitMetrics::new();
    let limit = RateLimitLayer::new([Policy::per_hour("a \"policy\" \\", 3)], Key::global());
    ask(&limit.observe(limits.clone()), 1).await;
    let page = Exposition::new().rate_limit(&limits).rate_limit(&limits.clone());
    let [text, _] = accepted(&page);
    let decisions = "{policy=\"a \\\"policy\\\" \\\\\",decision=\"allow\",source=\"memory\"} 1\n";
    assert!(text.contains(decisions), "{text}");
}
