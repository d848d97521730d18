//! A password appears in no log line, error or debug output.

use std::time::Duration;

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{Redis as Server, RedisCluster},
};

use crate::{
    log::Log,
    shop::{PATIENCE, Shop},
};

const PASSWORD: &str = "hunter2-hunter2";

async fn with_user(password: &str) -> Server {
    let password = format!(">{password}");
    Server::start_with(&["--user", "app", "on", &password, "~*", "&*", "+@all"]).await.unwrap()
}

fn url(server: &Server, user: &str, password: &str) -> String {
    server.url().replace("redis://", &format!("redis://{user}:{password}@"))
}

#[tokio::test]
async fn a_user_and_a_password_are_used_and_never_shown_in_debug_or_in_the_log() {
    let (log, _logging) = Log::collect();
    let mut server = with_user(PASSWORD).await;
    let url = url(&server, "app", PASSWORD);
    let builder = Redis::builder(&url).deadline(PATIENCE);
    let mut shown = format!("{builder:?}");
    let redis = builder.build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    assert_eq!(shop.ask(1).await.status, 200);
    shown += &format!("{redis:?}{shop:?}");
    server.kill();
    // A connection that breaks while it is unused is not noticed.
    assert_eq!(shop.ask(1).await.status, 503);
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await);
    shown += &format!("{redis:?}{shop:?}{:?}", shop.ask(1).await);
    server.restart().await.unwrap();
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await);
    let log = log.text();
    assert!(log.contains("Redis"), "the outage is logged: {log}");
    assert!(!shown.contains(PASSWORD) && !log.contains(PASSWORD), "{shown}{log}");
}

#[tokio::test]
async fn a_wrong_password_is_an_outage_whose_reason_is_logged_without_the_password() {
    let (log, _logging) = Log::collect();
    let server = with_user("the-right-one").await;
    let redis = Redis::new(&url(&server, "app", PASSWORD)).unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await);
    assert_eq!(shop.ask(1).await.status, 503);
    assert!(log.text().contains("WRONGPASS"), "{}", log.text());
    assert!(!log.text().contains(PASSWORD), "{}", log.text());
}

#[tokio::test]
async fn an_invalid_url_is_rejected_by_a_message_without_its_password() {
    for url in [
        format!("redis:/app:{PASSWORD}@127.0.0.1/"),
        format!("http://app:{PASSWORD}@127.0.0.1/"),
        format!("redis://app:{PASSWORD}@127.0.0.1:none/"),
        format!("redis://app:{PASSWORD}@127.0.0.1/no-number"),
    ] {
        let error = Redis::new(&url).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("url") && !shown.contains(PASSWORD), "{shown}");
    }
}

#[tokio::test]
async fn the_database_of_the_url_is_used() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&format!("{}3", server.url()));
    let redis = redis.deadline(Duration::from_secs(5)).build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    assert_eq!(shop.ask(1).await.status, 200);
    assert_eq!(server.query::<u32>(&["DBSIZE"]).await.unwrap(), 0);
    let info: String = server.query(&["INFO", "keyspace"]).await.unwrap();
    assert!(info.contains("db3:"), "{info}");
}

#[tokio::test]
async fn the_documented_acl_is_sufficient_on_a_cluster() {
    let cluster = RedisCluster::start().await.unwrap();
    let rules = "~rl:* +get +set +del +time +eval +evalsha +ping +cluster|slots +asking";
    let rules: Vec<_> = rules.split(' ').collect();
    let mut urls = Vec::new();
    for master in cluster.masters() {
        let user = ["ACL", "SETUSER", "limits", "on", ">password"];
        master.query::<()>(&[&user[..], &rules].concat()).await.unwrap();
        urls.push(url(master, "limits", "password"));
    }
    let redis = Redis::cluster(urls).deadline(PATIENCE).build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    for customer in 0..30 {
        assert_eq!(shop.ask(customer).await.status, 200, "{redis:?}");
    }
    assert_eq!(redis.state(), State::Up);
}
