//! A service starts whether or not Redis is available.

use std::time::Duration;

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, State};
use battlement_testkit::{eventually, redis::Redis as Server};
use tokio::task::JoinSet;

use crate::shop::{HALF, PATIENCE, Shop};

#[tokio::test]
async fn a_service_starts_while_redis_is_down_and_connects_once_it_starts() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let redis = Redis::new(&server.url()).unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 100), HALF);
    let first = shop.ask(1).await;
    assert!(first.passed() && !first.exact, "the fallback decided: {first:?}");
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await);
    server.restart().await.unwrap();
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await);
    let later = shop.ask(1).await;
    assert!(later.passed() && later.exact, "{later:?}");
}

#[test]
fn a_client_created_outside_of_a_runtime_connects_in_the_first_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start()).unwrap();
    let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5)).build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 100), OnFailure::Deny);
    let answer = runtime.block_on(shop.ask(1));
    assert!(answer.passed() && answer.exact, "{answer:?}");
}

#[tokio::test]
async fn each_layer_applies_its_own_policy_while_redis_is_unavailable() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let redis = Redis::new(&server.url()).unwrap();
    let twice = Policy::per_day("twice", 4);
    let [deny, allow, share] = [OnFailure::Deny, OnFailure::Allow, HALF]
        .map(|on_failure| Shop::new(&redis, twice.clone(), on_failure));
    for status in [200, 200, 429] {
        let answers = [deny.ask(1).await, allow.ask(1).await, share.ask(1).await];
        assert_eq!(answers.clone().map(|answer| answer.status), [503, 200, status]);
        assert!(answers.iter().all(|answer| !answer.exact), "an unknown quota is not reported");
    }
}

/// The number of clients that are created. The outcome depends on a race, so one client shows little.
const CLIENTS: usize = 10;
const CALLERS: u64 = 256;

/// Sends all requests at once through a client that was just created, to a server without the script.
async fn ask_from_the_first(server: &Server, coalesce: usize) {
    let _: () = server.query(&["SCRIPT", "FLUSH"]).await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).coalesce(coalesce);
    let redis = redis.build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 10_000), OnFailure::Deny);
    let mut asking = JoinSet::new();
    for customer in 0..CALLERS {
        let shop = shop.clone();
        asking.spawn(async move { [shop.ask(customer).await, shop.ask(customer).await] });
    }
    for answer in asking.join_all().await.iter().flatten() {
        assert!(answer.passed() && answer.exact, "{answer:?}");
    }
}

async fn many_requests_at_once_are_decided_from_the_first() {
    let mut server = Server::start().await.unwrap();
    for _ in 0..CLIENTS {
        for coalesce in [1, 64] {
            ask_from_the_first(&server, coalesce).await;
        }
    }
    server.restart().await.unwrap();
    ask_from_the_first(&server, 64).await;
}

#[tokio::test]
async fn no_request_is_rejected_while_the_first_connection_is_made() {
    many_requests_at_once_are_decided_from_the_first().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_is_rejected_while_the_first_connection_is_made_on_several_threads() {
    many_requests_at_once_are_decided_from_the_first().await;
}

mod alone {
    use std::time::Duration;

    use battlement_rate_limit::Policy;
    use battlement_rate_limit_redis::{OnFailure, Redis, State};
    use battlement_testkit::{eventually, redis::Redis as Server};
    use tokio::{
        task::JoinSet,
        time::{Instant, sleep_until},
    };

    use super::CALLERS;
    use crate::shop::{PATIENCE, Shop};

    const DEADLINE: Duration = Duration::from_millis(200);
    const TRIES: u64 = 20;
    const BETWEEN: Duration = Duration::from_micros(500);

    /// Sends requests while the connection is being made, which opens when it is too late for them, or nearly.
    async fn ask_in_vain(shop: &Shop, server: &mut Server, before: Duration) {
        let (mut asking, began) = (JoinSet::new(), Instant::now());
        for customer in 0..CALLERS {
            let shop = shop.clone();
            asking.spawn(async move { shop.ask(customer).await });
        }
        sleep_until(began + DEADLINE - before).await;
        server.resume();
        asking.join_all().await;
    }

    #[tokio::test]
    async fn a_request_too_late_for_the_first_connection_does_not_delay_others() {
        let mut server = Server::start().await.unwrap();
        for nth in 0..TRIES {
            server.pause();
            let redis = Redis::builder(&server.url()).deadline(DEADLINE).build().unwrap();
            let shop = Shop::new(&redis, Policy::per_day("day", 10_000), OnFailure::Deny);
            ask_in_vain(&shop, &mut server, BETWEEN * nth as u32).await;
            assert!(eventually(PATIENCE, || redis.state() != State::Connecting).await);
            for customer in 0..30 {
                let answer = shop.ask(customer).await;
                assert!(
                    answer.passed() || answer.took >= DEADLINE,
                    "the request was not sent: {answer:?}"
                );
            }
        }
    }
}
