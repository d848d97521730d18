//! Tests of a real `redis-server` with TLS, with a replica and as a cluster.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_testkit::redis::{CertificateAuthority, Redis, RedisCluster};
use redis::{Client, ErrorKind, RedisResult, ServerErrorKind, TlsCertificates, cmd};
use tokio::task::JoinSet;

fn trusting(authority: &CertificateAuthority, redis: &Redis) -> Client {
    let certificates =
        TlsCertificates { client_tls: None, root_cert: Some(authority.pem().into_bytes()) };
    Client::build_with_tls(redis.tls_url(), certificates).unwrap()
}

async fn ping(client: Client) -> RedisResult<String> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    cmd("PING").query_async(&mut connection).await
}

#[tokio::test]
async fn a_tls_client_connects_only_if_it_trusts_the_authority() {
    let (authority, other) = (CertificateAuthority::new(), CertificateAuthority::new());
    let mut redis = Redis::start_tls(&authority).await.unwrap();
    assert_eq!(ping(trusting(&authority, &redis)).await.unwrap(), "PONG");
    assert!(ping(trusting(&other, &redis)).await.is_err());
    redis.restart().await.unwrap();
    assert_eq!(ping(trusting(&authority, &redis)).await.unwrap(), "PONG");
}

#[tokio::test]
#[should_panic(expected = "not started by `start_tls`")]
async fn a_server_without_tls_has_no_tls_url() {
    let _ = Redis::start().await.unwrap().tls_url();
}

#[tokio::test]
async fn a_replica_copies_its_master_and_rejects_writes_until_it_is_promoted() {
    let (master, replica) = (Redis::start().await.unwrap(), Redis::start().await.unwrap());
    master.query::<()>(&["SET", "key", "value"]).await.unwrap();
    replica.replicate(&master).await.unwrap();
    assert_eq!(replica.query::<String>(&["GET", "key"]).await.unwrap(), "value");
    let error = replica.query::<()>(&["SET", "key", "other"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly));
    replica.promote().await.unwrap();
    replica.query::<()>(&["SET", "key", "other"]).await.unwrap();
    assert_eq!(master.query::<String>(&["GET", "key"]).await.unwrap(), "value");
}

#[tokio::test]
async fn each_slot_of_a_cluster_has_one_master_and_the_others_redirect_to_it() {
    let mut cluster = RedisCluster::start().await.unwrap();
    for key in ["a", "b", "c", "{a}b"] {
        let slot = cluster.slot_of(key).await.unwrap();
        cluster.master_of(slot).query::<()>(&["SET", key, "value"]).await.unwrap();
        let other = cluster.master_of((slot + 6_000) % 16_384);
        let error = other.query::<()>(&["SET", key, "value"]).await.unwrap_err();
        assert!(error.to_string().contains("Moved"), "{error}");
    }
}

#[tokio::test]
async fn a_cluster_keeps_serving_the_other_slots_while_a_master_is_down() {
    let mut cluster = RedisCluster::start().await.unwrap();
    assert_eq!(cluster.slot_of("a").await.unwrap(), 15_495);
    cluster.master_of(0).kill();
    cluster.master_of(15_495).query::<()>(&["SET", "a", "value"]).await.unwrap();
    cluster.master_of(0).restart().await.unwrap();
    let info: String = cluster.master_of(0).query(&["CLUSTER", "INFO"]).await.unwrap();
    assert!(
        info.contains("cluster_known_nodes:3"),
        "the restarted master does not know the others: {info}"
    );
}

#[tokio::test]
async fn clusters_that_start_concurrently_stay_separate() {
    let mut starting: JoinSet<_> = (0..2).map(|_| RedisCluster::start()).collect();
    let mut clusters = Vec::new();
    while let Some(cluster) = starting.join_next().await {
        clusters.push(cluster.unwrap().unwrap());
    }
    for cluster in &clusters {
        for master in cluster.masters() {
            let info: String = master.query(&["CLUSTER", "INFO"]).await.unwrap();
            assert!(info.contains("cluster_known_nodes:3"), "{info}");
        }
    }
}
