//! Two storefronts that share their limits in a real Redis.
#![cfg(feature = "embedded")]

mod redis;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod running;

use redis::Redis;
use running::Storefront;

/// Starts one of two instances that share four orders a minute.
fn start(redis: &Redis) -> Storefront {
    Storefront::start(&[
        ("REDIS_URL", &redis.url()),
        ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "4"),
        ("STOREFRONT_INSTANCES", "2"),
    ])
}

#[test]
fn two_instances_together_allow_the_limit_of_one() {
    let redis = Redis::start();
    let [one, other] = [start(&redis), start(&redis)];
    for (shop, left) in [(&one, 3), (&other, 2), (&one, 1), (&other, 0)] {
        let answer = shop.get("/orders/1");
        assert_eq!(answer.status, 404);
        let limit = answer.header("ratelimit").unwrap();
        assert!(limit.contains(&format!("\"guest\";r={left};t=")), "{limit}");
    }
    assert_eq!([one.get("/orders/1").status, other.get("/orders/1").status], [429, 429]);
    one.metrics_with(r#"battlement_rate_limit_redis_state{state="up"} 1"#);
    one.metrics_with(
        r#"battlement_rate_limit_decisions_total{policy="guest",decision="allow",source="redis"} 2"#,
    );
}

#[test]
fn operators_see_every_policy_before_the_first_order() {
    let redis = Redis::start();
    let shop = start(&redis);
    let page = shop.metrics_with("battlement_rate_limit_denied_keys{limiter=\"address\"} 0");
    for policy in ["address", "guest", "partner"] {
        for source in ["redis", "deny_cache", "fallback"] {
            let labels = format!("policy=\"{policy}\",decision=\"deny\",source=\"{source}\"");
            let sample = format!("battlement_rate_limit_decisions_total{{{labels}}} 0\n");
            assert!(page.contains(&sample), "{sample} is missing in: {page}");
        }
    }
}

#[test]
fn an_instance_that_starts_without_redis_allows_its_share_and_uses_redis_once_available() {
    let mut redis = Redis::start();
    redis.kill();
    let mut shop = start(&redis);
    shop.log_line(&["Redis is unavailable"]);
    let answers: Vec<_> = (0..3).map(|_| shop.get("/orders/1")).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [404, 404, 429], "half of the limit of four");
    assert!(
        answers.iter().all(|answer| answer.header("ratelimit").is_none()),
        "without Redis the remaining quota is unknown"
    );
    redis.run();
    shop.log_line(&["Redis is available again"]);
    let answer = shop.get("/orders/1");
    assert_eq!(answer.status, 404);
    let limit = answer.header("ratelimit").unwrap();
    assert!(limit.contains("\"guest\";r=3;t="), "{limit}");
}

#[test]
fn the_password_of_redis_is_not_logged() {
    let redis = Redis::start();
    let url = redis.url().replace("redis://", "redis://app:hunter2@");
    let mut shop = Storefront::start(&[("REDIS_URL", &url), ("RUST_LOG", "trace")]);
    // The Redis has no such user.
    shop.log_line(&["Redis is unavailable", "WRONGPASS"]);
    shop.terminate();
    let (_, log) = shop.ended();
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn instances_share_limits_only_with_the_same_key_secret() {
    let redis = Redis::start();
    let start = |secret| {
        Storefront::start(&[
            ("REDIS_URL", &redis.url()),
            ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1"),
            ("STOREFRONT_LIMIT_KEY_SECRET", secret),
        ])
    };
    let [one, same] = ["sixteen-bytes-01"; 2].map(start);
    let [other, none] = ["sixteen-bytes-02", ""].map(start);
    let statuses = [&one, &same, &other, &none].map(|shop| shop.get("/orders/1").status);
    assert_eq!(statuses, [404, 429, 404, 404]);
}

#[test]
fn the_key_secret_is_not_logged() {
    let redis = Redis::start();
    let settings = [
        ("REDIS_URL", &*redis.url()),
        ("STOREFRONT_LIMIT_KEY_SECRET", "hunter2-hunter2-hunter2"),
        ("RUST_LOG", "trace"),
    ];
    let shop = Storefront::start(&settings);
    assert_eq!(shop.get("/orders/1").status, 404);
    shop.terminate();
    let (_, log) = shop.ended();
    assert!(!log.contains("hunter2"), "{log}");
}
