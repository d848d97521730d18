//! During every fault of Redis, no request waits longer than its deadline.

mod alone {
    use std::time::Duration;

    use battlement_rate_limit::Policy;
    use battlement_rate_limit_redis::{OnFailure, Redis, State};
    use battlement_testkit::{
        eventually,
        proxy::Proxy,
        redis::{Redis as Server, RedisCluster},
    };
    use tokio::time::{Instant, sleep};

    use crate::{
        load::{Log, under_load},
        shop::{HALF, PATIENCE, Shop},
    };

    const DEADLINE: Duration = Duration::from_millis(50);
    /// Long enough to detect the outage, and several times the deadline.
    const OUTAGE: Duration = Duration::from_millis(1_500);
    const BEFORE: Duration = Duration::from_millis(200);

    fn many() -> Policy {
        Policy::per_second("many", 1_000).burst(1_000_000)
    }

    async fn shop(url: &str) -> Shop {
        let redis = Redis::builder(url).deadline(DEADLINE).build().unwrap();
        let shop = Shop::new(&redis, many(), HALF);
        up(&redis).await;
        shop
    }

    async fn up(redis: &Redis) {
        assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
    }

    async fn down(redis: &Redis) {
        assert!(eventually(PATIENCE, || redis.state() == State::Down).await, "{redis:?}");
    }

    /// Runs load through an outage from `begin` to `end`.
    async fn through(shop: &Shop, begin: impl AsyncFnOnce(), end: impl AsyncFnOnce()) {
        let (mut away, mut back, mut again) = (Instant::now(), Instant::now(), Instant::now());
        let log = under_load(shop, async {
            sleep(BEFORE).await;
            begin().await;
            down(shop.redis()).await;
            away = Instant::now();
            sleep(OUTAGE).await;
            back = Instant::now();
            end().await;
            up(shop.redis()).await;
            again = Instant::now();
            sleep(BEFORE).await;
        })
        .await;
        log.all_in_time(DEADLINE);
        log.most_were_free(away, back);
        log.all_exact_since(again);
        assert!(
            log.answers.iter().all(super::super::shop::Answer::passed),
            "half of the limit was enough"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_suspended_and_resumed() {
        let server = tokio::sync::Mutex::new(Server::start().await.unwrap());
        let shop = shop(&server.lock().await.url()).await;
        through(&shop, async || server.lock().await.pause(), async || server.lock().await.resume())
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_killed_and_restarted_on_its_port() {
        let server = tokio::sync::Mutex::new(Server::start().await.unwrap());
        let shop = shop(&server.lock().await.url()).await;
        through(
            &shop,
            async || server.lock().await.kill(),
            async || {
                server.lock().await.restart().await.unwrap();
            },
        )
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_primary_that_is_demoted_and_promoted() {
        let (server, master) = (Server::start().await.unwrap(), Server::start().await.unwrap());
        let shop = shop(&server.url()).await;
        through(
            &shop,
            async || server.replicate(&master).await.unwrap(),
            async || {
                server.promote().await.unwrap();
            },
        )
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_runs_out_of_memory_and_gets_more() {
        let server = Server::start().await.unwrap();
        let shop = shop(&server.url()).await;
        let most = async |bytes: &str| {
            server.query::<()>(&["CONFIG", "SET", "maxmemory", bytes]).await.unwrap();
        };
        through(&shop, async || most("1").await, async || most("0").await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_network_that_drops_everything_and_recovers() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let shop = shop(&format!("redis://{}/", proxy.addr())).await;
        through(&shop, async || proxy.freeze(), async || proxy.restore()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_network_that_drops_only_replies() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let shop = shop(&format!("redis://{}/", proxy.addr())).await;
        through(&shop, async || proxy.freeze_responses(), async || proxy.restore()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_network_that_takes_longer_than_the_deadline() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let shop = shop(&format!("redis://{}/", proxy.addr())).await;
        through(&shop, async || proxy.delay(2 * DEADLINE), async || proxy.restore()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_that_never_answers_again_is_replaced() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let shop = shop(&format!("redis://{}/", proxy.addr())).await;
        let log = under_load(&shop, async {
            proxy.freeze();
            down(shop.redis()).await;
            proxy.disconnect();
            proxy.restore();
            up(shop.redis()).await;
        })
        .await;
        log.all_in_time(DEADLINE);
        assert!(shop.ask(1).await.exact);
    }

    /// Runs load through disturbances that Redis recovers from by itself, and returns the answers.
    async fn disturbed(shop: &Shop, times: u32, disturb: impl AsyncFn()) -> Log {
        let mut last = Instant::now();
        let log = under_load(shop, async {
            sleep(BEFORE).await;
            for _ in 0..times {
                disturb().await;
                sleep(Duration::from_millis(50)).await;
            }
            up(shop.redis()).await;
            last = Instant::now();
            sleep(BEFORE).await;
        })
        .await;
        log.all_in_time(DEADLINE);
        log.all_exact_since(last);
        log
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_flushed_script_is_loaded_by_the_next_question() {
        let server = Server::start().await.unwrap();
        let shop = shop(&server.url()).await;
        let log =
            disturbed(&shop, 20, async || server.query::<()>(&["SCRIPT", "FLUSH"]).await.unwrap());
        assert_eq!(log.await.inexact(), 0, "no request was affected");
        let stats: String = server.query(&["INFO", "commandstats"]).await.unwrap();
        let loads =
            stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")).unwrap();
        let loads: u32 = loads.split(',').next().unwrap().parse().unwrap();
        assert!(
            (1..=40).contains(&loads),
            "about one for each time, not one for each caller: {loads}"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_emptied() {
        let server = Server::start().await.unwrap();
        let shop = shop(&server.url()).await;
        let log =
            disturbed(&shop, 10, async || server.query::<()>(&["FLUSHALL"]).await.unwrap()).await;
        assert_eq!(log.inexact(), 0, "no request was affected");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_that_is_killed() {
        let server = Server::start().await.unwrap();
        let shop = shop(&server.url()).await;
        let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
        let log = disturbed(&shop, 5, async || server.query::<()>(&kill).await.unwrap()).await;
        assert!(
            log.inexact() * 2 < log.answers.len(),
            "{} of {}",
            log.inexact(),
            log.answers.len()
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_pauses_its_clients() {
        let server = Server::start().await.unwrap();
        let shop = shop(&server.url()).await;
        let pause = ["CLIENT", "PAUSE", "300", "ALL"];
        disturbed(&shop, 1, async || {
            server.query::<()>(&pause).await.unwrap();
            sleep(Duration::from_millis(400)).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_slots_of_two_primaries_stay_available_without_the_third() {
        let mut cluster = RedisCluster::start().await.unwrap();
        let urls = cluster.urls();
        let redis = Redis::cluster(&urls).deadline(DEADLINE);
        let redis = redis.build().unwrap();
        let shop = Shop::new(&redis, many(), HALF);
        up(&redis).await;
        let (mut away, mut back, mut again) = (Instant::now(), Instant::now(), Instant::now());
        let log = under_load(&shop, async {
            sleep(BEFORE).await;
            cluster.master_of(0).pause();
            assert!(eventually(PATIENCE, || redis.state() == State::Degraded).await, "{redis:?}");
            away = Instant::now();
            sleep(OUTAGE).await;
            back = Instant::now();
            cluster.master_of(0).resume();
            up(&redis).await;
            again = Instant::now();
            sleep(BEFORE).await;
        })
        .await;
        log.all_in_time(DEADLINE);
        log.most_were_free(away, back);
        log.all_exact_since(again);
        let within = log.answers.iter().filter(|answer| (away..back).contains(&answer.began));
        let (exact, all) = within
            .fold((0, 0), |(exact, all), answer| (exact + usize::from(answer.exact), all + 1));
        assert!(exact * 10 > all * 5, "{exact} of {all}: two thirds of the slots are available");
        assert!(exact < all, "a third of the slots is not");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn calls_that_were_given_up_are_not_charged_when_the_server_resumes() {
        let mut server = Server::start().await.unwrap();
        let redis = Redis::builder(&server.url()).deadline(DEADLINE).build().unwrap();
        up(&redis).await;
        let shop = Shop::new(&redis, Policy::per_day("day", 1_000), OnFailure::Deny);
        assert_eq!(shop.ask(1).await.left, Some(999));
        server.pause();
        for _ in 0..10 {
            // The customer retries each failed request.
            assert_eq!(shop.ask(1).await.status, 503);
        }
        server.resume();
        up(&redis).await;
        let mut answer = shop.ask(1).await;
        while answer.status == 503 {
            answer = shop.ask(1).await;
        }
        assert_eq!(answer.left, Some(998));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn questions_delayed_by_the_network_are_not_charged_when_they_arrive() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let redis = Redis::builder(&format!("redis://{}/", proxy.addr())).deadline(DEADLINE);
        let redis = redis.build().unwrap();
        up(&redis).await;
        let shop = Shop::new(&redis, Policy::per_day("day", 1_000), OnFailure::Deny);
        assert_eq!(shop.ask(1).await.left, Some(999));
        proxy.freeze();
        for _ in 0..10 {
            assert_eq!(shop.ask(1).await.status, 503);
        }
        proxy.restore();
        up(&redis).await;
        let mut answer = shop.ask(1).await;
        while answer.status == 503 {
            answer = shop.ask(1).await;
        }
        assert_eq!(answer.left, Some(998));
    }
}
