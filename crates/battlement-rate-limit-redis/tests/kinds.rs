//! Limits in a cluster, and over TLS.
#![cfg(all(feature = "redis-cluster", feature = "redis-tls"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::time::Duration;

use battlement_rate_limit::{Key, Policy, RateLimitLayer, RequestHead};
use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore, State};
use battlement_testkit::{
    eventually,
    redis::{CertificateAuthority, Redis as Server, RedisCluster},
};
use http::Request;
use tower::{Layer, ServiceExt as _};

use self::service::ok;

const SOON: Duration = Duration::from_secs(20);
const PATIENT: Duration = Duration::from_secs(5);

/// Returns a layer that counts each path as a client.
fn by_path(store: RedisStore, policy: Policy) -> RateLimitLayer<RedisStore> {
    let path = |head: &RequestHead<'_>| Some(head.uri.path().to_owned());
    RateLimitLayer::new(policy, Key::by(path)).store(store)
}

async fn status(layer: &RateLimitLayer<RedisStore>, path: &str) -> u16 {
    let request = Request::get(path).body(()).unwrap();
    layer.layer(ok()).oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_cluster_stores_each_key_in_its_slot_and_admits_the_exact_number() {
    let cluster = RedisCluster::start().await.unwrap();
    let redis = Redis::cluster(cluster.urls()).deadline(PATIENT).build().unwrap();
    let layer = by_path(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 2));
    for client in 0..50 {
        let path = format!("/{client}");
        let all = [(); 3].map(|()| status(&layer, &path));
        let mut got = Vec::new();
        for one in all {
            got.push(one.await);
        }
        assert_eq!(got, [200, 200, 429], "{path}");
    }
    let mut keys = Vec::new();
    for master in cluster.masters() {
        let keys_of_node: Vec<String> = master.query(&["KEYS", "rl:{orders:*"]).await.unwrap();
        assert!(!keys_of_node.is_empty(), "50 keys are on all three nodes");
        keys.extend(keys_of_node);
    }
    assert_eq!(keys.len(), 50);
    assert_eq!(redis.state(), State::Up);

    let calls = (0..64).map(|_| {
        let layer = layer.clone();
        tokio::spawn(async move { status(&layer, "/burst").await })
    });
    let mut admitted = 0;
    for call in calls.collect::<Vec<_>>() {
        admitted += usize::from(call.await.unwrap() == 200);
    }
    assert_eq!(admitted, 2);
}

#[tokio::test]
async fn a_server_with_a_private_authority_is_trusted_through_that_authority_alone() {
    let authority = CertificateAuthority::new();
    let server = Server::start_tls(&authority).await.unwrap();
    let redis = Redis::builder(&server.tls_url()).deadline(PATIENT);
    let known = redis.clone().root_certificates(authority.pem()).build().unwrap();
    let layer = by_path(known.store("orders", OnFailure::Deny), Policy::per_day("day", 1));
    assert_eq!([status(&layer, "/").await, status(&layer, "/").await], [200, 429]);

    let other = redis.clone().root_certificates(CertificateAuthority::new().pem()).build().unwrap();
    assert!(eventually(SOON, || other.state() == State::Down).await);
    let error = redis.root_certificates("no PEM").build().unwrap_err();
    assert_eq!(error.fields()[0].field(), "root_certificates");
    let error = Redis::builder(&server.url()).root_certificates(authority.pem()).build();
    assert_eq!(error.unwrap_err().fields()[0].field(), "url");
    let error = Redis::new(&format!("{}#insecure", server.tls_url())).unwrap_err();
    assert_eq!(error.fields()[0].field(), "url");
}

#[tokio::test]
async fn tls_to_redis_leaves_the_provider_of_the_application_installed() {
    use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

    let authority = CertificateAuthority::new();
    let server = Server::start_tls(&authority).await.unwrap();
    let redis = Redis::builder(&server.tls_url()).root_certificates(authority.pem());
    let redis = redis.deadline(PATIENT).build().unwrap();
    let layer = by_path(redis.store("orders", OnFailure::Deny), Policy::per_day("day", 2));
    assert_eq!(status(&layer, "/").await, 200);
    assert!(CryptoProvider::get_default().is_none());
    // The application installs its provider later, which is used from then on.
    assert!(ring::default_provider().install_default().is_ok());
    server.query::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await.unwrap();
    assert_eq!(status(&layer, "/").await, 200);
}
