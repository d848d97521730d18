//! The headers, byte for byte, and parsed by an independent parser.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::time::{Duration, SystemTime};

use battlement_rate_limit::{Algorithm, Headers, Key, Policy, RateLimitLayer};
use http::{HeaderMap, Response};
use proptest::prelude::*;
use sfv::{BareItem, ListEntry, Parser};
use tower::Layer;

use self::service::{Answer, answers, call};

const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Returns the limit of the express-rate-limit documentation: a fixed window that begins with the first request.
fn two_in_15_minutes(headers: Headers) -> RateLimitLayer {
    let policy = Policy::new("2-in-15min", 2, QUARTER).algorithm(Algorithm::FixedWindow);
    RateLimitLayer::new(policy, Key::global()).headers(headers)
}

async fn first_of(headers: Headers) -> HeaderMap {
    call(&two_in_15_minutes(headers)).await.headers
}

fn values(headers: &HeaderMap) -> Vec<String> {
    let limits = headers.iter().filter(|(name, _)| name.as_str().contains("ratelimit"));
    limits.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn draft_10_names_its_policies() {
    assert_eq!(
        values(&first_of(Headers::Draft10).await),
        ["ratelimit-policy: \"2-in-15min\";q=2;w=900", "ratelimit: \"2-in-15min\";r=1;t=900"]
    );
}

#[tokio::test(start_paused = true)]
async fn draft_7_is_a_policy_and_a_dictionary() {
    assert_eq!(
        values(&first_of(Headers::Draft7).await),
        ["ratelimit-policy: 2;w=900", "ratelimit: limit=2, remaining=1, reset=900"]
    );
}

#[tokio::test(start_paused = true)]
async fn draft_6_is_a_header_for_each_number() {
    assert_eq!(
        values(&first_of(Headers::Draft6).await),
        [
            "ratelimit-policy: 2;w=900",
            "ratelimit-limit: 2",
            "ratelimit-remaining: 1",
            "ratelimit-reset: 900"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_legacy_reset_is_in_seconds_since_1970() {
    let headers = first_of(Headers::Legacy).await;
    assert_eq!(headers["x-ratelimit-limit"], "2");
    assert_eq!(headers["x-ratelimit-remaining"], "1");
    let reset: u64 = headers["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!((now + 890..=now + 901).contains(&reset), "{reset} at {now}");
    assert_eq!(values(&headers).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn none_sends_only_retry_after() {
    let layer = two_in_15_minutes(Headers::None);
    for _ in 0..2 {
        assert!(values(&call(&layer).await.headers).is_empty());
    }
    let denied = call(&layer).await;
    assert!(values(&denied.headers).is_empty());
    assert_eq!(denied.headers["retry-after"], "900");
}

#[tokio::test(start_paused = true)]
async fn a_rejection_has_the_headers_of_a_response_and_retry_after() {
    let layer = two_in_15_minutes(Headers::Draft10);
    let _ = (call(&layer).await, call(&layer).await);
    tokio::time::advance(Duration::from_millis(500)).await;
    let Answer { status, headers, body } = call(&layer).await;
    assert_eq!(status, 429);
    assert_eq!(headers["ratelimit"], "\"2-in-15min\";r=0;t=900");
    assert_eq!(headers["retry-after"], "900", "rounded up");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let expected = serde_json::json!({
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "too many requests",
        "code": "rate_limited",
        "violated-policies": ["2-in-15min"],
    });
    assert_eq!(problem, expected);
}

#[tokio::test(start_paused = true)]
async fn several_policies_form_one_list_without_shadow_policies() {
    let policies = [
        Policy::per_minute("burst", 100),
        Policy::per_second("shadow", 1).shadow(true),
        Policy::per_day("daily", 1_000),
    ];
    let headers = call(&RateLimitLayer::new(policies, Key::global())).await.headers;
    assert_eq!(headers["ratelimit-policy"], "\"burst\";q=100;w=60,\"daily\";q=1000;w=86400");
    assert_eq!(headers["ratelimit"], "\"burst\";r=99;t=1,\"daily\";r=999;t=87");
}

#[tokio::test(start_paused = true)]
async fn stacked_limiters_share_one_list_the_outermost_first() {
    let outer = RateLimitLayer::new(Policy::per_minute("address", 100), Key::global());
    let inner = RateLimitLayer::new(Policy::per_minute("tenant", 60), Key::global());
    let headers = answers(outer.layer(inner.layer(service::ok()))).await.headers;
    assert_eq!(
        values(&headers),
        [
            "ratelimit-policy: \"address\";q=100;w=60,\"tenant\";q=60;w=60",
            "ratelimit: \"address\";r=99;t=1,\"tenant\";r=59;t=1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_lists_of_three_limiters_and_of_the_service_become_one_line() {
    let limit = |name| RateLimitLayer::new(Policy::per_minute(name, 100), Key::global());
    let service = tower::service_fn(async |_: http::Request<()>| {
        let response = Response::builder().header("ratelimit", "\"a\";r=1");
        let response = response.header("ratelimit", "\"b\";r=2").body(service::Empty::new());
        Ok::<_, std::convert::Infallible>(response.unwrap())
    });
    let stack = limit("outer").layer(limit("middle").layer(limit("inner").layer(service)));
    let headers = answers(stack).await.headers;
    assert_eq!(names(&headers, "ratelimit-policy"), ["outer", "middle", "inner"]);
    assert_eq!(names(&headers, "ratelimit"), ["outer", "middle", "inner", "a", "b"]);
    assert_eq!(headers.get_all("ratelimit").iter().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rejection_by_an_inner_limiter_carries_the_headers_of_the_outer_one() {
    let outer = RateLimitLayer::new(Policy::per_minute("address", 100), Key::global());
    let inner = RateLimitLayer::new(Policy::per_minute("tenant", 1), Key::global());
    let stack = || outer.layer(inner.layer(service::ok()));
    assert_eq!(answers(stack()).await.status, 200);
    let Answer { status, headers, body } = answers(stack()).await;
    assert_eq!(status, 429);
    assert_eq!(headers["ratelimit"], "\"address\";r=98;t=1,\"tenant\";r=0;t=60");
    assert_eq!(headers["retry-after"], "60");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["violated-policies"], serde_json::json!(["tenant"]));
}

#[tokio::test(start_paused = true)]
async fn the_tightest_of_single_values_remains() {
    for style in [Headers::Draft7, Headers::Draft6, Headers::Legacy] {
        let layer = |name, quota| {
            RateLimitLayer::new(Policy::per_hour(name, quota), Key::global()).headers(style)
        };
        for (outer, inner) in [(100, 50), (50, 100)] {
            let stack = layer("o", outer).layer(layer("i", inner).layer(service::ok()));
            let headers = values(&answers(stack).await.headers).join("; ");
            assert_eq!(remaining(&headers), ["49"], "{headers}");
        }
        let both = [Policy::per_hour("wide", 100), Policy::per_hour("tight", 50)];
        let layer = RateLimitLayer::new(both, Key::global()).headers(style);
        let headers = values(&call(&layer).await.headers).join("; ");
        assert_eq!(remaining(&headers), ["49"], "{headers}");
    }
}

/// Returns the numbers of remaining units, as `remaining=49` and `ratelimit-remaining: 49` have them.
fn remaining(headers: &str) -> Vec<&str> {
    let numbers =
        headers.split("remaining").skip(1).map(|rest| rest.trim_start_matches(['=', ':', ' ']));
    numbers.map(|rest| rest.split([',', ';']).next().unwrap()).collect()
}

#[tokio::test]
async fn a_header_of_the_service_that_is_not_a_number_is_replaced() {
    let service = tower::service_fn(async |_: http::Request<()>| {
        let response = Response::builder().header("ratelimit-remaining", "many");
        Ok::<_, std::convert::Infallible>(response.body(service::Empty::new()).unwrap())
    });
    let headers = answers(two_in_15_minutes(Headers::Draft6).layer(service)).await.headers;
    assert_eq!(headers["ratelimit-remaining"], "1");
}

#[tokio::test]
async fn a_name_is_escaped() {
    let layer = RateLimitLayer::new(Policy::per_second(r#"a "\" b"#, 2), Key::global());
    let headers = call(&layer).await.headers;
    assert_eq!(headers["ratelimit-policy"], r#""a \"\\\" b";q=2;w=1"#);
    assert_eq!(names(&headers, "ratelimit"), [r#"a "\" b"#]);
}

/// Returns the strings of a structured list.
fn names(headers: &HeaderMap, name: &str) -> Vec<String> {
    let list: sfv::List = Parser::new(headers[name].as_bytes()).parse().unwrap();
    let name = |entry: &ListEntry| match entry {
        ListEntry::Item(item) => item.bare_item.as_string().unwrap().as_str().to_owned(),
        ListEntry::InnerList(_) => panic!("no inner list"),
    };
    list.iter().map(name).collect()
}

/// Returns a parameter of each entry of a structured list.
fn numbers(headers: &HeaderMap, name: &str, parameter: &str) -> Vec<Option<i64>> {
    let list: sfv::List = Parser::new(headers[name].as_bytes()).parse().unwrap();
    let number = |entry: &ListEntry| match entry {
        ListEntry::Item(item) => {
            item.params.get(parameter).and_then(BareItem::as_integer).map(i64::from)
        }
        ListEntry::InnerList(_) => panic!("no inner list"),
    };
    list.iter().map(number).collect()
}

proptest! {
    #[test]
    fn an_independent_parser_reads_the_same_values(
        policies in prop::collection::btree_map("[ -~]{1,20}", (1_u32..100_000, 1_u64..100_000), 1..4),
        calls in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let made = policies.iter().map(|(name, (quota, seconds))| {
                Policy::new(name, *quota, Duration::from_secs(*seconds))
            });
            let layer = RateLimitLayer::new(battlement_rate_limit::Policies::new(made), Key::global());
            let mut answer = call(&layer).await;
            for _ in 1..calls {
                answer = call(&layer).await;
            }
            let headers = answer.headers;
            let expected: Vec<_> = policies.keys().cloned().collect();
            assert_eq!(names(&headers, "ratelimit-policy"), expected);
            assert_eq!(names(&headers, "ratelimit"), expected);
            for (index, (quota, seconds)) in policies.values().enumerate() {
                assert_eq!(numbers(&headers, "ratelimit-policy", "q")[index], Some((*quota).into()));
                assert_eq!(numbers(&headers, "ratelimit-policy", "w")[index], Some(*seconds as i64));
                assert!(numbers(&headers, "ratelimit", "r")[index].unwrap() < i64::from(*quota));
            }
            if let Some(wait) = headers.get("retry-after") {
                let wait: i64 = wait.to_str().unwrap().parse().unwrap();
                let left = numbers(&headers, "ratelimit", "r").into_iter();
                let denied = left.zip(numbers(&headers, "ratelimit", "t")).filter(|(r, _)| *r == Some(0));
                assert!(wait >= 1 && denied.clone().all(|(_, t)| wait >= t.unwrap_or(0)));
            }
        });
    }
}
