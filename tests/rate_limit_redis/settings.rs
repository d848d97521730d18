//! Every setting in a configuration file, on real servers.

use std::fs;

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, RedisSettings, State};
use battlement_testkit::{
    eventually,
    redis::{CertificateAuthority, Redis as Server, RedisCluster},
};
use serde_json::{Value, json};

use crate::shop::{PATIENCE, Shop};

fn build(settings: &Value) -> Redis {
    // As text, since a file is read so.
    let settings: RedisSettings = serde_json::from_str(&settings.to_string()).unwrap();
    Redis::try_from(settings).unwrap()
}

async fn keys_after_one_request(server: &Server, redis: &Redis) -> Vec<String> {
    let shop = Shop::new(redis, Policy::per_day("day", 9), OnFailure::Deny);
    assert!(shop.ask(1).await.exact, "{redis:?}");
    server.query(&["KEYS", "shop:{shop:*"]).await.unwrap()
}

#[tokio::test]
async fn every_setting_of_a_single_server_with_certificates_takes_effect() {
    let authority = CertificateAuthority::new();
    let server = Server::start_mutual_tls(&authority).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = dir.path().join(name);
        fs::write(&path, pem).unwrap();
        path
    };
    let [certificate, key] = authority.issue();
    let mut settings = json!({
        "url": server.tls_url(),
        "deadline": "20s",
        "prefix": "shop",
        "key_secret": "a secret of the replicas",
        "coalesce": 1,
        "queue": 1_000,
        "root_certificates_file": file("roots.pem", &authority.pem()),
        "client_certificate_file": file("client.pem", &certificate),
        "client_key_file": file("client.key", &key),
    });
    let keys = keys_after_one_request(&server, &build(&settings)).await;
    assert_eq!(keys.len(), 1, "the keys begin with the prefix: {keys:?}");

    settings["root_certificates"] = authority.pem().into();
    let object = settings.as_object_mut().unwrap();
    object.remove("root_certificates_file");
    object.remove("key_secret");
    let keys = keys_after_one_request(&server, &build(&settings)).await;
    assert_eq!(keys.len(), 2, "the secret is part of the hash: {keys:?}");

    // Without the client certificate, the server rejects the connection.
    let object = settings.as_object_mut().unwrap();
    object.remove("client_certificate_file");
    object.remove("client_key_file");
    settings["deadline"] = "100ms".into();
    let redis = build(&settings);
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await, "{redis:?}");
}

#[tokio::test]
async fn a_list_of_urls_connects_to_a_cluster() {
    let cluster = RedisCluster::start().await.unwrap();
    let redis = build(&json!({ "url": cluster.urls(), "deadline": "20s", "coalesce": 8 }));
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    for customer in 0..30 {
        assert!(shop.ask(customer).await.exact, "{redis:?}");
    }
    assert_eq!(redis.state(), State::Up);
}
