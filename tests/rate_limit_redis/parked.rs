//! Callers that are polled for a while and then never again, as the losing branch of a `select` that is kept.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, State};
use battlement_testkit::{eventually, redis::Redis as Server};
use tokio::task::JoinSet;

use crate::shop::{PATIENCE, Shop};

fn many() -> Policy {
    Policy::per_second("many", 1_000).burst(1_000_000)
}

async fn shop(redis: &Redis) -> Shop {
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
    Shop::new(redis, many(), OnFailure::Deny)
}

/// Polls a future this often, each time but the first after it was woken, and returns when it is woken once more (or
/// after the first poll, if it is to be polled only once).
async fn poll_for_a_while<F: Future>(mut future: Pin<&mut F>, mut polls: u32) {
    let only_once = polls == 1;
    poll_fn(|cx| {
        if polls == 0 || future.as_mut().poll(cx).is_ready() || only_once {
            return Poll::Ready(());
        }
        polls -= 1;
        Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_is_never_polled_again_delays_no_other_caller() {
    let server = Server::start().await.unwrap();
    for coalesce in [64, 1] {
        // The deadline is longer than every wait of the test.
        let redis = Redis::builder(&server.url()).coalesce(coalesce).deadline(PATIENCE * 3);
        let shop = shop(&redis.build().unwrap()).await;
        for polls in 1..=4 {
            let flush = async || server.query::<()>(&["SCRIPT", "FLUSH"]).await.unwrap();
            flush().await;
            let mut parked = pin!(shop.ask(1));
            poll_for_a_while(parked.as_mut(), polls).await;
            flush().await;
            let others = async {
                let mut others = JoinSet::new();
                for customer in 0..200 {
                    let shop = shop.clone();
                    others.spawn(async move { shop.ask(customer).await.passed() });
                }
                others.join_all().await
            };
            let passed = tokio::time::timeout(PATIENCE, others).await;
            let passed =
                passed.unwrap_or_else(|_| panic!("{coalesce}, {polls}: the others waited for it"));
            assert!(passed.into_iter().all(|passed| passed), "{coalesce}, {polls}");
        }
    }
}

#[tokio::test]
async fn a_full_queue_of_callers_that_are_never_polled_again_blocks_others_only_briefly() {
    let server = Server::start().await.unwrap();
    let deadline = Duration::from_millis(500);
    for coalesce in [64, 1] {
        let redis = Redis::builder(&server.url()).coalesce(coalesce).deadline(deadline).queue(3);
        let shop = shop(&redis.build().unwrap()).await;
        let mut parked: Vec<_> = (0..3).map(|customer| Box::pin(shop.ask(customer))).collect();
        for parked in &mut parked {
            poll_for_a_while(parked.as_mut(), 1).await;
        }
        let end = tokio::time::Instant::now() + PATIENCE;
        while !shop.ask(9).await.passed() {
            assert!(tokio::time::Instant::now() < end, "{coalesce}: no request is admitted");
            tokio::task::yield_now().await;
        }
        drop(parked);
    }
}
