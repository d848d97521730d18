//! A connection that closes while it is idle fails no request.

/// Returns the number of repetitions of each scenario.
fn times() -> usize {
    std::env::var("BATTLEMENT_CHAOS_TIMES").map_or(1, |times| times.parse().unwrap())
}

mod alone {
    use std::time::Duration;

    use battlement_rate_limit::Policy;
    use battlement_rate_limit_redis::{OnFailure, Redis, State};
    use battlement_testkit::{
        eventually,
        proxy::Proxy,
        redis::{Redis as Server, RedisCluster},
    };
    use tokio::{task::JoinSet, time::sleep};

    use super::times;
    use crate::{
        log::Log,
        shop::{Answer, PATIENCE, Shop},
    };

    /// The default, or long enough for 200 requests of a debug build on a busy machine.
    const DEADLINE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 50 });
    /// The time between the end of the connection and the next request.
    const IDLE: Duration = Duration::from_millis(300);
    const KILL: [&str; 6] = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
    const AT_ONCE: u64 = 200;

    fn many() -> Policy {
        Policy::per_second("many", 1_000).burst(1_000_000)
    }

    /// Returns connected shops, with batched and with individual questions.
    async fn shops(server: &str) -> [Shop; 2] {
        let builder = Redis::builder(server).deadline(DEADLINE);
        let [together, alone] = [64, 1].map(|coalesce| builder.clone().coalesce(coalesce));
        [shop(together.build().unwrap()).await, shop(alone.build().unwrap()).await]
    }

    async fn shop(redis: Redis) -> Shop {
        assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
        let shop = Shop::new(&redis, many(), OnFailure::Deny);
        assert_eq!(failed(&shop, AT_ONCE).await, 0, "before the connections close");
        shop
    }

    /// Sends one request for each customer at once.
    fn ask(shop: &Shop, customers: u64) -> JoinSet<Answer> {
        let ask = |customer| {
            let shop = shop.clone();
            async move { shop.ask(customer).await }
        };
        (0..customers).map(ask).collect()
    }

    fn is_decided(answer: &Answer) -> bool {
        answer.passed() && answer.exact
    }

    /// Returns the number of requests that Redis did not decide.
    async fn failed(shop: &Shop, customers: u64) -> usize {
        let answers = ask(shop, customers).join_all().await;
        answers.iter().filter(|answer| !is_decided(answer)).count()
    }

    /// Closes the connections repeatedly, each time before a single request and before many.
    async fn through(shops: &[Shop], close: impl AsyncFn()) {
        let (log, _logging) = Log::collect();
        for nth in 0..times() {
            for (shop, customers) in shops.iter().flat_map(|shop| [(shop, 1), (shop, AT_ONCE)]) {
                close().await;
                sleep(IDLE).await;
                let failed = failed(shop, customers).await;
                assert_eq!(failed, 0, "of {customers}, the {nth}th time: {}", log.text());
            }
        }
    }

    #[tokio::test]
    async fn no_request_fails_after_idle_connections_were_killed() {
        let server = Server::start().await.unwrap();
        through(&shops(&server.url()).await, async || server.query::<()>(&KILL).await.unwrap())
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_request_fails_after_idle_connections_were_killed_on_several_threads() {
        let server = Server::start().await.unwrap();
        through(&shops(&server.url()).await, async || server.query::<()>(&KILL).await.unwrap())
            .await;
    }

    #[tokio::test]
    async fn no_request_fails_after_idle_connections_to_all_nodes_of_a_cluster_were_killed() {
        let cluster = RedisCluster::start().await.unwrap();
        let builders = [64, 1]
            .map(|coalesce| Redis::cluster(cluster.urls()).coalesce(coalesce).deadline(DEADLINE));
        let mut shops = Vec::new();
        for builder in builders {
            shops.push(shop(builder.build().unwrap()).await);
        }
        let kill = async || {
            for master in cluster.masters() {
                master.query::<()>(&KILL).await.unwrap();
            }
        };
        through(&shops, kill).await;
    }

    #[tokio::test]
    async fn no_request_fails_after_an_idle_server_was_restarted() {
        let server = tokio::sync::Mutex::new(Server::start().await.unwrap());
        let shops = shops(&server.lock().await.url()).await;
        through(&shops, async || server.lock().await.restart().await.unwrap()).await;
    }

    #[tokio::test]
    async fn no_request_fails_after_the_idle_timeout_of_a_proxy() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        through(&shops(&format!("redis://{}/", proxy.addr())).await, async || proxy.disconnect())
            .await;
    }

    #[tokio::test]
    async fn a_broken_command_is_one_failure_and_not_an_outage() {
        let server = Server::start().await.unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port())).await.unwrap();
        let redis = Redis::builder(&format!("redis://{}/", proxy.addr())).deadline(PATIENCE);
        let shop = shop(redis.build().unwrap()).await;
        let sent = async || {
            let stats: String = server.query(&["INFO", "commandstats"]).await.unwrap();
            stats.contains("cmdstat_evalsha")
        };
        for _ in 0..times() {
            proxy.freeze_responses();
            server.query::<()>(&["CONFIG", "RESETSTAT"]).await.unwrap();
            let mut asking = ask(&shop, 64);
            while !sent().await {
                tokio::task::yield_now().await;
            }
            proxy.disconnect();
            let first = asking.join_next().await.unwrap().unwrap();
            assert!(!is_decided(&first), "the command was in flight when the connection closed");
            proxy.restore();
            asking.join_all().await;
            assert_eq!(shop.redis().state(), State::Up);
            assert_eq!(failed(&shop, AT_ONCE).await, 0);
        }
    }
}
