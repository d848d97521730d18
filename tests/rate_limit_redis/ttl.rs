//! Every key in Redis expires.

use std::time::Duration;

use battlement_rate_limit::{Algorithm, Key, Policies, Policy, RateLimitLayer};
use battlement_rate_limit_redis::{OnFailure, Redis};
use battlement_testkit::redis::Redis as Server;
use http::{Request, Response};
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt as _, service_fn};

use crate::shop::{CUSTOMER, PATIENCE};

fn policies() -> [Policies; 3] {
    let rare = Policy::per_day("rare", 3);
    let often = Policy::per_second("often", 900_000).burst(3);
    let minutes = Policy::per_minute("minutes", 5).algorithm(Algorithm::FixedWindow);
    let sliding =
        Policy::new("sliding", 2, Duration::from_millis(3)).algorithm(Algorithm::SlidingWindow);
    let tried = Policy::per_hour("tried", 1).shadow(true);
    [
        often.clone().into(),
        Policies::new([rare.clone(), often, minutes.clone(), sliding, tried.clone()]),
        Policies::new([tried, minutes, rare]),
    ]
}

/// Returns a generator of pseudorandom numbers, the same in each run.
fn scattered(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_expires_after_any_sequence_of_operations() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).build().unwrap();
    let tiers = policies();
    let [first, ..] = tiers.clone();
    let (layer, handle) = RateLimitLayer::new(first, Key::header(CUSTOMER))
        .store(redis.store("shop", OnFailure::Deny))
        .policies_for(move |inbound| {
            let tier: usize = inbound.headers.get("x-tier")?.to_str().ok()?.parse().ok()?;
            tiers.get(tier).cloned()
        })
        .cost(|inbound| {
            let cost = inbound.headers.get("x-cost").and_then(|cost| cost.to_str().ok());
            cost.and_then(|cost| cost.parse().ok()).unwrap_or(1)
        })
        .refund(|head| head.status.is_redirection())
        .pair();
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let status = if request.headers().contains_key("x-refund") { 304 } else { 200 };
        Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(()).unwrap())
    }));
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let (service, handle, mut scattered) =
            (service.clone(), handle.clone(), scattered(task + 1));
        tasks.spawn(async move {
            for _ in 0..150 {
                let mut request = Request::new(());
                let headers = request.headers_mut();
                headers.insert(CUSTOMER, scattered(30).into());
                headers.insert("x-tier", scattered(3).into());
                headers.insert("x-cost", scattered(5).into());
                if scattered(4) == 0 {
                    headers.insert("x-refund", 1.into());
                }
                let key = handle.key(&request).unwrap();
                match scattered(10) {
                    0 => drop(handle.peek(key).await.unwrap()),
                    1 => handle.reset(key).await.unwrap(),
                    _ => drop(service.clone().oneshot(request).await.unwrap()),
                }
            }
        });
    }
    tasks.join_all().await;
    let keys: Vec<String> = server.query(&["KEYS", "*"]).await.unwrap();
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let ttl: i64 = server.query(&["PTTL", &key]).await.unwrap();
        // The key may have expired meanwhile, which is -2; otherwise its TTL is at most a day, a quarter of that, and
        // a second.
        assert!(ttl != -1 && ttl <= 108_001_010, "{key} stays for {ttl} ms");
    }
}
