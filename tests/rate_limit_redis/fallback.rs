//! While Redis is unavailable, replicas together admit no more than Redis would.

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, Share, State};
use battlement_testkit::{eventually, redis::Redis as Server};

use crate::{
    counting::admitted,
    shop::{PATIENCE, Shop},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_together_admit_at_most_the_sum_of_their_shares() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let share = OnFailure::LocalFallback { share: Share::one_in(3) };
    let mut sum = 0;
    for _ in 0..3 {
        let redis = Redis::new(&server.url()).unwrap();
        assert!(eventually(PATIENCE, || redis.state() == State::Down).await);
        let shop = Shop::new(&redis, Policy::per_day("slow", 1).burst(300), share);
        let [admitted] = admitted(&shop, 1, 8, 40).await[..] else { unreachable!("a customer") };
        assert_eq!(admitted, 100);
        sum += admitted;
    }
    assert_eq!(sum, 300);
}
