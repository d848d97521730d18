//! The commands that a request costs Redis.

use std::time::Duration;

use battlement_rate_limit::{Policies, Policy};
use battlement_rate_limit_redis::{OnFailure, Redis};
use battlement_testkit::redis::Redis as Server;
use tokio::task::JoinSet;

use crate::shop::{PATIENCE, Shop};

async fn shop(server: &Server, coalesce: usize, policies: impl Into<Policies>) -> Shop {
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).coalesce(coalesce);
    let shop = Shop::new(&redis.build().unwrap(), policies, OnFailure::Deny);
    // The connection is open, and the script is loaded.
    shop.ask(u64::MAX).await;
    server.query::<()>(&["CONFIG", "RESETSTAT"]).await.unwrap();
    shop
}

fn many() -> Policy {
    Policy::per_second("many", 1_000).burst(1_000_000)
}

async fn scripts(server: &Server) -> f64 {
    let stats: String = server.query(&["INFO", "commandstats"]).await.unwrap();
    let calls = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_eval"));
    calls
        .map(|line| line.split_once("calls=").unwrap().1.split_once(',').unwrap().0)
        .fold(0.0, |sum, calls| sum + calls.parse::<f64>().unwrap())
}

async fn ask(shop: &Shop, callers: u64, asks: u64) {
    let mut asking = JoinSet::new();
    for caller in 0..callers {
        let shop = shop.clone();
        asking.spawn(async move {
            for _ in 0..asks {
                assert!(shop.ask(caller).await.passed());
            }
        });
    }
    asking.join_all().await;
}

#[tokio::test]
async fn a_single_request_is_one_command_for_any_number_of_policies() {
    let server = Server::start().await.unwrap();
    let three =
        [many(), Policy::per_day("daily", 1_000_000), Policy::per_hour("hourly", 1_000_000)];
    for shop in [shop(&server, 1, many()).await, shop(&server, 64, three).await] {
        ask(&shop, 1, 300).await;
        assert_eq!(scripts(&server).await, 300.0);
        server.query::<()>(&["CONFIG", "RESETSTAT"]).await.unwrap();
    }
}

#[tokio::test]
async fn each_request_is_one_command_without_batching() {
    let server = Server::start().await.unwrap();
    let shop = shop(&server, 1, many()).await;
    ask(&shop, 64, 50).await;
    assert_eq!(scripts(&server).await, 64.0 * 50.0);
}

#[tokio::test]
async fn five_requests_or_more_of_64_callers_share_a_command() {
    let server = Server::start().await.unwrap();
    let shop = shop(&server, 64, many()).await;
    ask(&shop, 64, 100).await;
    let each = scripts(&server).await / 6_400.0;
    assert!(each < 0.2, "{each} commands for a request");
}

#[tokio::test]
async fn an_abusive_client_costs_redis_no_commands() {
    let server = Server::start().await.unwrap();
    let shop = shop(&server, 1, Policy::per_minute("minute", 1)).await;
    assert_eq!(shop.ask(1).await.status, 200);
    server.query::<()>(&["CONFIG", "RESETSTAT"]).await.unwrap();
    for _ in 0..2_000 {
        assert_eq!(shop.ask(1).await.status, 429);
    }
    let each = scripts(&server).await / 2_000.0;
    assert!(each < 0.05, "{each} commands for a denial");
}

#[tokio::test]
async fn a_denied_client_passes_after_its_wait_and_not_before() {
    let server = Server::start().await.unwrap();
    let wait = Duration::from_millis(400);
    let shop = shop(&server, 64, Policy::new("short", 1, wait)).await;
    assert_eq!(shop.ask(1).await.status, 200);
    let began = tokio::time::Instant::now();
    while shop.ask(1).await.status == 429 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed();
    assert!(took > wait - Duration::from_millis(50) && took < wait + PATIENCE, "{took:?}");
}
