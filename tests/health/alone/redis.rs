use std::time::Duration;

use battlement_testkit::redis::Redis;
use tokio::time::Instant;

use crate::shop::Shop;

const INTERVAL_MS: &str = "1000";
/// Three intervals with their jitter, and a second.
const SOON: Duration = Duration::from_millis(3 * 1_100 + 1_000);

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_degrades_readiness_in_time_and_both_probes_stay_200() {
    let mut redis = Redis::start().await.unwrap();
    let url = redis.url();
    let shop =
        Shop::start(&[("REDIS_URL", &url), ("STOREFRONT_HEALTH_INTERVAL_MS", INTERVAL_MS)]).await;
    shop.ready_with("[+]redis ok\n").await;
    assert_eq!(shop.probe("/readyz").body, "ok");

    redis.kill();
    let killed = Instant::now();
    shop.ready_with("[!]redis degraded: Redis is unavailable").await;
    assert!(killed.elapsed() <= SOON, "{:?}", killed.elapsed());
    // Listed without `?verbose` as well, with the reason.
    let ready = shop.probe("/readyz");
    assert!(ready.body.contains("falling back to local limits"), "{ready:?}");

    redis.restart().await.unwrap();
    shop.ready_with("[+]redis ok\n").await;
    assert_eq!((shop.probe("/readyz").body, shop.probe("/livez").body), ("ok".into(), "ok".into()));
}
