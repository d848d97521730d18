//! A limit shared by all processes is exact to the last unit.

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis};
use battlement_testkit::redis::{Redis as Server, RedisCluster};
use tokio::task::JoinSet;

use crate::{
    processes::{ReplicaLoad, in_processes},
    shop::{PATIENCE, Shop},
};

/// A limit large enough that few units come back during the test.
pub(crate) const LIMIT: u32 = 500;

pub(crate) fn slow() -> Policy {
    Policy::per_day("slow", 1).burst(LIMIT)
}

/// Returns the number of admitted requests of each customer, of `tasks` times `asks` requests.
pub(crate) async fn admitted(shop: &Shop, customers: u64, tasks: u64, asks: u64) -> Vec<u32> {
    let mut load = JoinSet::new();
    for task in 0..tasks {
        let shop = shop.clone();
        load.spawn(async move {
            let customer = task % customers;
            let mut admitted = 0;
            for _ in 0..asks {
                let answer = shop.ask(customer).await;
                assert!(matches!(answer.status, 200 | 429), "a request failed: {answer:?}");
                admitted += u32::from(answer.passed());
            }
            (customer, admitted)
        });
    }
    let mut admitted = vec![0; customers as usize];
    for (customer, more) in load.join_all().await {
        admitted[customer as usize] += more;
    }
    admitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_are_admitted_exactly_up_to_the_limit_without_batching() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).coalesce(1).build().unwrap();
    let shop = Shop::new(&redis, slow(), OnFailure::Deny);
    assert_eq!(admitted(&shop, 2, 64, 40).await, [LIMIT, LIMIT]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_are_admitted_exactly_up_to_the_limit_with_batching() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENCE).build().unwrap();
    let shop = Shop::new(&redis, slow(), OnFailure::Deny);
    assert_eq!(admitted(&shop, 2, 64, 40).await, [LIMIT, LIMIT]);
}

#[tokio::test]
async fn many_processes_are_admitted_exactly_up_to_the_limit_without_batching() {
    let server = Server::start().await.unwrap();
    let load = ReplicaLoad { urls: vec![server.url()], coalesce: 1, customers: 2 };
    assert_eq!(in_processes(3, &load).await, [LIMIT, LIMIT]);
}

#[tokio::test]
async fn many_processes_are_admitted_exactly_up_to_the_limit_with_batching() {
    let server = Server::start().await.unwrap();
    let load = ReplicaLoad { urls: vec![server.url()], coalesce: 64, customers: 2 };
    assert_eq!(in_processes(3, &load).await, [LIMIT, LIMIT]);
}

#[tokio::test]
async fn many_processes_are_admitted_exactly_up_to_the_limit_on_a_cluster() {
    let cluster = RedisCluster::start().await.unwrap();
    // The keys of these customers are on all primaries.
    let load = ReplicaLoad { urls: cluster.urls(), coalesce: 64, customers: 6 };
    assert_eq!(in_processes(3, &load).await, [LIMIT; 6]);
    let mut masters = 0;
    for master in cluster.masters() {
        masters += u32::from(master.query::<u32>(&["DBSIZE"]).await.unwrap() > 1);
    }
    assert!(masters > 1, "all keys are on one primary");
}
