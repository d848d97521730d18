//! Replicas know a customer by the same key, and other processes cannot compute it.

use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use battlement_rate_limit_redis::{OnFailure, Redis};
use battlement_testkit::redis::Redis as Server;
use http::Request;

use crate::shop::{CUSTOMER, PATIENCE, Shop};

fn once() -> Policy {
    Policy::per_day("once", 1)
}

async fn keys(server: &Server) -> Vec<String> {
    let keys: Vec<String> = server.query(&["KEYS", "*"]).await.unwrap();
    keys.into_iter().filter(|key| !key.contains("probe")).collect()
}

#[tokio::test]
async fn replicas_use_the_same_key_for_a_customer_and_share_its_limit() {
    let server = Server::start().await.unwrap();
    let shops = [(); 3].map(|()| {
        let redis = Redis::builder(&server.url()).deadline(PATIENCE).build().unwrap();
        Shop::new(&redis, once(), OnFailure::Deny)
    });
    let statuses = [shops[0].ask(1).await, shops[1].ask(1).await, shops[2].ask(1).await];
    assert_eq!(statuses.map(|answer| answer.status), [200, 429, 429]);
    assert_eq!(keys(&server).await.len(), 1);
}

#[tokio::test]
async fn another_secret_name_or_prefix_counts_separately() {
    let server = Server::start().await.unwrap();
    let builder = || Redis::builder(&server.url()).deadline(PATIENCE);
    let [plain, secret, prefix] = [
        builder().build().unwrap(),
        builder().key_secret("a secret of the replicas").build().unwrap(),
        builder().prefix("other").build().unwrap(),
    ];
    for redis in [&plain, &secret, &prefix] {
        assert_eq!(Shop::new(redis, once(), OnFailure::Deny).ask(1).await.status, 200);
    }
    let other = Shop::on(plain.store("other", OnFailure::Deny), once());
    assert_eq!(other.ask(1).await.status, 200);
    assert_eq!(keys(&server).await.len(), 4);
}

#[tokio::test]
async fn no_key_in_redis_shows_whose_it_is_and_each_has_128_bits() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).build().unwrap();
    let shop = Shop::new(&redis, once(), OnFailure::Deny);
    shop.ask(4_711_471_147_114_711).await;
    let keys = keys(&server).await;
    let [key] = keys.as_slice() else { panic!("expected one key, got {keys:?}") };
    assert!(!key.contains("4711"), "{key}");
    let (_, hash) = key.trim_end_matches('}').rsplit_once(':').unwrap();
    assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
}

#[tokio::test]
async fn the_hash_of_a_key_depends_only_on_the_key_and_the_secret() {
    let hash = |secret: Option<&str>| {
        let builder = Redis::builder("redis://127.0.0.1:1/");
        let builder = match secret {
            Some(secret) => builder.key_secret(secret),
            None => builder,
        };
        let store = builder.build().unwrap().store("shop", OnFailure::Deny);
        let (_, handle) = RateLimitLayer::new(once(), Key::header(CUSTOMER)).store(store).pair();
        let request = Request::builder().header(CUSTOMER, "ada").body(()).unwrap();
        handle.key(&request).unwrap()
    };
    assert_eq!(hash(None), hash(None));
    assert_eq!(hash(Some("sixteen bytes of it")), hash(Some("sixteen bytes of it")));
    assert_ne!(hash(None), hash(Some("sixteen bytes of it")));
    // Other versions and machines must compute the same hash.
    assert_eq!(hash(None).bits(), 0x2bba_cfd9_3cfa_db0e_51e2_dd80_916d_9e3b);
}
