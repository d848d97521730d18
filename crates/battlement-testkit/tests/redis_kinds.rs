//! A real `redis-server` with TLS, with a replica, as a cluster.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_testkit::redis::{Authority, Redis, RedisCluster};
use redis::{Client, ErrorKind, RedisResult, ServerErrorKind, TlsCertificates, cmd};
use tokio::task::JoinSet;

fn trusting(authority: &Authority, redis: &Redis) -> Client {
    let certificates =
        TlsCertificates { client_tls: None, root_cert: Some(authority.pem().into_bytes()) };
    Client::build_with_tls(redis.tls_url(), certificates).unwrap()
}

async fn ping(client: Client) -> RedisResult<String> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    cmd("PING").query_async(&mut connection).await
}

#[tokio::test]
async fn tls_is_spoken_with_who_trusts_the_authority_and_with_nobody_else() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let mut redis = Redis::start_tls(&authority).await.unwrap();
    assert_eq!(ping(trusting(&authority, &redis)).await.unwrap(), "PONG");
    assert!(ping(trusting(&stranger, &redis)).await.is_err());
    redis.restart().await.unwrap();
    assert_eq!(ping(trusting(&authority, &redis)).await.unwrap(), "PONG");
}

#[tokio::test]
#[should_panic(expected = "a server started by `start_tls`")]
async fn a_server_without_tls_has_no_url_for_it() {
    let _ = Redis::start().await.unwrap().tls_url();
}

#[tokio::test]
async fn a_replica_has_what_its_master_has_and_refuses_writes_until_it_is_promoted() {
    let (master, replica) = (Redis::start().await.unwrap(), Redis::start().await.unwrap());
    master.ask::<()>(&["SET", "key", "value"]).await.unwrap();
    replica.replicate(&master).await.unwrap();
    assert_eq!(replica.ask::<String>(&["GET", "key"]).await.unwrap(), "value");
    let refused = replica.ask::<()>(&["SET", "key", "other"]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly));
    replica.promote().await.unwrap();
    replica.ask::<()>(&["SET", "key", "other"]).await.unwrap();
    assert_eq!(master.ask::<String>(&["GET", "key"]).await.unwrap(), "value");
}

#[tokio::test]
async fn each_slot_of_a_cluster_has_its_master_and_the_others_say_where() {
    let mut cluster = RedisCluster::start().await.unwrap();
    for key in ["a", "b", "c", "{a}b"] {
        let slot = cluster.slot_of(key).await.unwrap();
        cluster.master_of(slot).ask::<()>(&["SET", key, "value"]).await.unwrap();
        let other = cluster.master_of((slot + 6_000) % 16_384);
        let refused = other.ask::<()>(&["SET", key, "value"]).await.unwrap_err();
        assert!(refused.to_string().contains("Moved"), "{refused}");
    }
}

#[tokio::test]
async fn a_cluster_goes_on_without_one_of_its_masters() {
    let mut cluster = RedisCluster::start().await.unwrap();
    assert_eq!(cluster.slot_of("a").await.unwrap(), 15_495);
    cluster.master_of(0).kill();
    cluster.master_of(15_495).ask::<()>(&["SET", "a", "value"]).await.unwrap();
    cluster.master_of(0).restart().await.unwrap();
    let known: String = cluster.master_of(0).ask(&["CLUSTER", "INFO"]).await.unwrap();
    assert!(
        known.contains("cluster_known_nodes:3"),
        "it knows the others after a restart: {known}"
    );
}

#[tokio::test]
async fn clusters_that_start_at_once_do_not_meet() {
    let mut starting: JoinSet<_> = (0..2).map(|_| RedisCluster::start()).collect();
    let mut clusters = Vec::new();
    while let Some(cluster) = starting.join_next().await {
        clusters.push(cluster.unwrap().unwrap());
    }
    for cluster in &clusters {
        for master in cluster.masters() {
            let info: String = master.ask(&["CLUSTER", "INFO"]).await.unwrap();
            assert!(info.contains("cluster_known_nodes:3"), "{info}");
        }
    }
}
