//! Limits in a real Redis.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_rate_limit::{
    Algorithm, Decision, Headers, Key, Observe, Policy, RateLimitLayer, Source, StoreError,
};
use battlement_rate_limit_redis as redis_observe;
use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore, Share, State};
use battlement_testkit::{
    contract::{Contract, Rule},
    eventually,
    redis::Redis as Server,
};
use http::{Request, Response};
use tokio::time::Instant;
use tower::{Layer, ServiceExt as _};

use self::service::ok;

const SOON: Duration = Duration::from_secs(10);

/// Returns a client with a deadline long enough for a busy machine.
fn patient(server: &Server) -> Redis {
    Redis::builder(&server.url()).deadline(Duration::from_secs(5)).build().unwrap()
}

fn layer(store: RedisStore, policy: Policy) -> RateLimitLayer<RedisStore> {
    RateLimitLayer::new(policy, Key::global()).store(store)
}

async fn status(layer: &RateLimitLayer<RedisStore>) -> u16 {
    respond(layer).await.status().as_u16()
}

async fn respond(layer: &RateLimitLayer<RedisStore>) -> Response<impl Sized> {
    layer.layer(ok()).oneshot(Request::new(())).await.unwrap()
}

#[tokio::test]
async fn two_instances_share_a_limit_and_its_headers() {
    let server = Server::start().await.unwrap();
    let layers = [(); 2].map(|()| {
        let store = patient(&server).store("orders", OnFailure::Deny);
        layer(store, Policy::per_day("day", 3))
    });
    let first = respond(&layers[0]).await;
    assert_eq!(first.headers()["ratelimit"], "\"day\";r=2;t=28800");
    let second = respond(&layers[1]).await;
    assert_eq!(
        second.headers()["ratelimit"].to_str().unwrap().split(";t").next(),
        Some("\"day\";r=1")
    );
    assert_eq!([status(&layers[0]).await, status(&layers[1]).await], [200, 429]);
    let other = layer(patient(&server).store("logins", OnFailure::Deny), Policy::per_day("day", 3));
    assert_eq!(status(&other).await, 200, "a store with another name has its own limit");
}

#[tokio::test]
async fn a_layer_over_redis_keeps_the_contract() {
    let server = Server::start().await.unwrap();
    let redis = patient(&server);
    let policy = Policy::per_second("all", 1_000_000);
    let quiet = move || {
        layer(redis.store("contract", OnFailure::Deny), policy.clone()).headers(Headers::None)
    };
    Contract::new(quiet).except(Rule::PolledOnDemand).run().await;
}

async fn admitted(redis: &[Redis], policy: &Policy, tasks: usize, calls: usize) -> usize {
    let calls = (0..tasks).map(|task| {
        let store = redis[task % redis.len()].store("burst", OnFailure::Deny).deny_cache(0);
        let layer = layer(store, policy.clone());
        tokio::spawn(async move {
            let mut admitted = 0;
            for _ in 0..calls {
                match status(&layer).await {
                    200 => admitted += 1,
                    429 => {}
                    other => panic!("{other}"),
                }
            }
            admitted
        })
    });
    let mut admitted = 0;
    for call in calls.collect::<Vec<_>>() {
        admitted += call.await.unwrap();
    }
    admitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_allowed_number_of_concurrent_callers_passes_batched_or_not() {
    let server = Server::start().await.unwrap();
    for together in [1, 64] {
        let redis = [(); 2].map(|()| {
            let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5));
            redis.coalesce(together).build().unwrap()
        });
        for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
            let policy = Policy::per_day(&format!("{algorithm:?}{together}"), 100);
            let policy = policy.algorithm(algorithm);
            assert_eq!(admitted(&redis, &policy, 32, 10).await, 100, "{algorithm:?} {together}");
        }
        let burst = Policy::per_day(&format!("one{together}"), 1).burst(77);
        assert_eq!(admitted(&redis, &burst, 64, 3).await, 77);
    }
}

#[derive(Clone, Default)]
struct Sources(Arc<Mutex<Vec<(&'static str, Source)>>>);

impl Observe for Sources {
    fn on_decision(&self, policy: &Policy, decision: Decision, source: Source) {
        self.0.lock().unwrap().push((decision.label(policy), source));
    }
}

#[tokio::test]
async fn a_denied_client_is_denied_without_asking_redis_again() {
    let server = Server::start().await.unwrap();
    let sources = Sources::default();
    let layer = layer(patient(&server).store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    let layer = layer.observe(sources.clone());
    let all = [status(&layer).await, status(&layer).await, status(&layer).await];
    assert_eq!(all, [200, 429, 429]);
    let expected =
        [("allow", RedisStore::SOURCE), ("deny", RedisStore::SOURCE), ("deny", Source::DENY_CACHE)];
    assert_eq!(*sources.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_reset_and_a_refund_reach_redis_and_the_deny_cache() {
    let server = Server::start().await.unwrap();
    let store = patient(&server).store("orders", OnFailure::Deny);
    let (layer, handle) = layer(store, Policy::per_day("day", 1)).pair();
    let key = handle.key(&Request::new(())).unwrap();
    assert_eq!([status(&layer).await, status(&layer).await], [200, 429]);
    assert!(handle.peek(key).await.unwrap().is_denied(&handle.policies()));
    handle.reset(key).await.unwrap();
    assert_eq!([status(&layer).await, status(&layer).await], [200, 429]);

    let store = patient(&server).store("logins", OnFailure::Deny).deny_cache(0);
    let policy = Policy::per_day("day", 1);
    let layer = RateLimitLayer::new(policy, Key::global()).store(store);
    let layer = layer.refund(|head| head.status.is_success());
    for _ in 0..5 {
        let again = eventually_ok(&layer).await;
        assert!(again, "a refunded request costs nothing");
    }
}

/// Retries, since the refund of the previous request may still be in flight.
async fn eventually_ok(layer: &RateLimitLayer<RedisStore>) -> bool {
    let end = Instant::now() + SOON;
    while Instant::now() < end {
        if status(layer).await == 200 {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_service_starts_without_redis_and_uses_it_once_it_is_available() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let redis = Redis::new(&server.url()).unwrap();
    for (on_failure, expected) in [
        (OnFailure::Deny, [503, 503]),
        (OnFailure::Allow, [200, 200]),
        (OnFailure::LocalFallback { share: Share::percent(50) }, [200, 429]),
    ] {
        let layer = layer(redis.store("orders", on_failure), Policy::per_day("day", 2));
        assert_eq!([status(&layer).await, status(&layer).await], expected, "{on_failure:?}");
        let answer = respond(&layer).await;
        let limits = answer.headers().keys().any(|name| name.as_str().starts_with("ratelimit"));
        assert!(!limits, "an unknown quota is not reported");
    }
    assert_eq!(redis.state(), State::Down);
    server.restart().await.unwrap();
    assert!(eventually(SOON, || redis.state() == State::Up).await);
    let layer = layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    assert_eq!([status(&layer).await, status(&layer).await], [200, 429]);
}

#[tokio::test]
async fn the_password_is_used_and_never_shown() {
    let server = Server::start().await.unwrap();
    let () = server.query(&["CONFIG", "SET", "requirepass", "s3cret-pass"]).await.unwrap();
    let url = format!("redis://:s3cret-pass@127.0.0.1:{}/3", server.port());
    let redis = Redis::builder(&url).deadline(Duration::from_secs(5)).build().unwrap();
    let layer = layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    assert_eq!([status(&layer).await, status(&layer).await], [200, 429]);
    let wrong = Redis::new(&format!("redis://:s3cret-wrong@127.0.0.1:{}/", server.port())).unwrap();
    assert!(eventually(SOON, || wrong.state() == State::Down).await);
    for url in
        ["redis://user:s3cret-pass@host:notaport/", "http://u:s3cret-pass@host/", "s3cret-pass"]
    {
        let error = Redis::new(url).unwrap_err();
        assert_eq!(error.fields()[0].field(), "url");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let builder = Redis::builder("redis://user:s3cret-pass@127.0.0.1:1/");
    assert!(!format!("{builder:?}").contains("s3cret"));
    let redis = builder.build().unwrap();
    let store = redis.store("orders", OnFailure::Deny);
    assert!(!format!("{redis:?} {store:?}").contains("s3cret"));
}

#[tokio::test]
async fn every_invalid_setting_is_reported_by_name() {
    let error = Redis::builder("redis://127.0.0.1/")
        .deadline(Duration::ZERO)
        .prefix("a{b}")
        .key_secret("short")
        .coalesce(0)
        .queue(0)
        .build()
        .unwrap_err();
    let fields: Vec<_> =
        error.fields().iter().map(battlement_rate_limit::InvalidField::field).collect();
    assert_eq!(fields, ["deadline", "prefix", "key_secret", "coalesce", "queue"]);
}

#[tokio::test]
async fn the_script_may_be_lost_at_any_time() {
    let server = Server::start().await.unwrap();
    let layer =
        layer(patient(&server).store("orders", OnFailure::Deny), Policy::per_day("day", 1_000));
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for _ in 0..20 {
        let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut connection).await.unwrap();
        assert_eq!(layer.layer(ok()).oneshot(Request::new(())).await.unwrap().status(), 200);
    }
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("rl:*").query_async(&mut connection).await.unwrap();
    assert!(!keys.is_empty());
    for key in keys {
        let ttl: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!(ttl > 0, "{key} lives for {ttl}");
    }
}

#[tokio::test]
async fn the_documented_acl_is_sufficient() {
    let server = Server::start().await.unwrap();
    let rules = "ACL SETUSER limits on >password ~rl:* +get +set +del +time +eval +evalsha +ping";
    let rules: Vec<_> = rules.split(' ').collect();
    let () = server.query(&rules).await.unwrap();
    let url = format!("redis://limits:password@127.0.0.1:{}/", server.port());
    let redis = Redis::builder(&url).deadline(Duration::from_secs(5)).build().unwrap();
    let layer = layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    let (layer, handle) = layer.refund(|head| head.status.is_success()).pair();
    assert_eq!(status(&layer).await, 200);
    let key = handle.key(&Request::new(())).unwrap();
    assert!(handle.peek(key).await.is_ok() && handle.reset(key).await.is_ok());
}

#[tokio::test]
async fn a_request_dropped_before_it_was_sent_is_not_charged_and_does_not_affect_others() {
    let mut server = Server::start().await.unwrap();
    let redis = patient(&server);
    let (layer, handle) =
        layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 10)).pair();
    let key = handle.key(&Request::new(())).unwrap();
    let call = || tokio_test::task::spawn(layer.layer(ok()).oneshot(Request::new(())));
    assert_eq!(status(&layer).await, 200);
    server.pause();
    // Two are in flight, each in a batch of its own, and two wait for the next batch.
    let [mut first, mut second, mut third, mut fourth] = [call(), call(), call(), call()];
    for call in [&mut first, &mut second] {
        tokio_test::assert_pending!(call.poll());
        tokio::task::yield_now().await;
        tokio_test::assert_pending!(call.poll());
    }
    for call in [&mut third, &mut fourth] {
        tokio_test::assert_pending!(call.poll());
    }
    tokio::task::yield_now().await;
    drop((third, first, second));
    server.resume();
    assert_eq!(fourth.await.unwrap().status(), 200);
    let left = handle.peek(key).await.unwrap().states[0].remaining;
    assert_eq!(left, 10 - 4, "the one of five requests that was never sent is not charged");
}

#[tokio::test]
async fn a_request_dropped_without_a_connection_is_not_charged() {
    let mut server = Server::start().await.unwrap();
    server.pause();
    let redis = patient(&server);
    let (layer, handle) =
        layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 10)).pair();
    let call = || tokio_test::task::spawn(layer.layer(ok()).oneshot(Request::new(())));
    let [mut first, mut second, mut third, mut fourth] = [call(), call(), call(), call()];
    for call in [&mut first, &mut second, &mut third, &mut fourth] {
        tokio_test::assert_pending!(call.poll());
    }
    // The requests behind it continue, and one of them is dropped soon too.
    drop(first);
    tokio::task::yield_now().await;
    drop(third);
    assert_eq!(redis.state(), State::Connecting);
    server.resume();
    assert_eq!([second.await.unwrap().status(), fourth.await.unwrap().status()], [200, 200]);
    let key = handle.key(&Request::new(())).unwrap();
    let left = handle.peek(key).await.unwrap().states[0].remaining;
    assert_eq!(left, 10 - 2);
}

#[tokio::test]
async fn a_shadow_policy_rejects_no_request_while_redis_is_unavailable() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let redis = Redis::new(&server.url()).unwrap();
    let tried = Policy::per_day("tried", 1).shadow(true);
    let alone = layer(redis.store("tried", OnFailure::Deny), tried.clone());
    assert_eq!([status(&alone).await, status(&alone).await], [200, 200]);
    let policies = [tried, Policy::per_day("day", 1)];
    let store = redis.store("both", OnFailure::Deny);
    let both = RateLimitLayer::new(policies, Key::global()).store(store);
    assert_eq!(status(&both).await, 503);
}

#[derive(Clone, Default)]
struct Commands(Arc<Mutex<Vec<Result<(), StoreError>>>>);

impl redis_observe::Observe for Commands {
    fn on_command(&self, _: usize, took: Duration, result: Result<(), StoreError>) {
        assert!(result != Err(StoreError::Timeout) || took >= Duration::from_millis(50));
        self.0.lock().unwrap().push(result);
    }
}

#[tokio::test]
async fn a_command_dropped_at_its_deadline_is_observed_as_late() {
    let mut server = Server::start().await.unwrap();
    let commands = Commands::default();
    let redis = Redis::builder(&server.url()).observe(commands.clone()).build().unwrap();
    assert!(eventually(SOON, || redis.state() == State::Up).await);
    let layer = layer(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    server.pause();
    assert_eq!(status(&layer).await, 503);
    let late = || commands.0.lock().unwrap().contains(&Err(StoreError::Timeout));
    assert!(eventually(SOON, late).await);
}

#[tokio::test]
async fn a_client_that_waits_as_the_response_says_is_admitted_after_its_policy_became_smaller() {
    let server = Server::start().await.unwrap();
    let redis = patient(&server);
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let policy = |period| Policy::new("calls", 10, period).algorithm(algorithm);
        let layer = |policy| layer(redis.store("calls", OnFailure::Deny), policy);
        let before = layer(policy(Duration::from_secs(60)));
        for _ in 0..10 {
            assert_eq!(status(&before).await, 200, "{algorithm:?}");
        }
        let after = layer(policy(Duration::from_secs(2)));
        let denied = respond(&after).await;
        assert_eq!(denied.status(), 429, "{algorithm:?}");
        let wait = denied.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(wait <= 3, "{algorithm:?}: {wait}");
        // The client itself sleeps, for as long as the response says.
        tokio::time::sleep(Duration::from_secs(wait)).await;
        assert_eq!(status(&after).await, 200, "{algorithm:?}: after {wait} s");
    }
}
