//! A slot that migrates from one node of a cluster to another keeps all its limits, and fails no request.

use std::collections::HashMap;

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{Redis as Server, RedisCluster},
};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep},
};

use crate::shop::{PATIENCE, Shop};

const LIMIT: u32 = 1_000;
const CUSTOMERS: u64 = 400;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// A slot, and two customers whose keys are in it.
struct Shared {
    slot: u16,
    keys: [String; 2],
    customers: [u64; 2],
}

/// Sends requests until two customers have keys in one slot.
async fn two_of_one_slot(shop: &Shop, cluster: &RedisCluster) -> Shared {
    let (mut customers, mut by_slot) = (HashMap::new(), HashMap::<u16, (String, u64)>::new());
    for customer in 0..CUSTOMERS {
        assert!(shop.ask(customer).await.passed());
        for master in cluster.masters() {
            let keys: Vec<String> = master.query(&["KEYS", "rl:{shop:*"]).await.unwrap();
            for key in keys {
                customers.entry(key).or_insert(customer);
            }
        }
        let newest = customers.iter().find(|(_, other)| **other == customer);
        let (key, _) = newest.expect("each customer has its own key");
        let slot = cluster.slot_of(key).await.unwrap();
        if let Some((other, first)) = by_slot.insert(slot, (key.clone(), customer)) {
            return Shared { slot, keys: [other, key.clone()], customers: [first, customer] };
        }
    }
    panic!("two customers should have keys in one slot");
}

/// Starts a node without slots, and waits until all nodes know each other.
async fn empty_node(cluster: &RedisCluster) -> Server {
    let node = Server::start_with(&["--cluster-enabled", "yes"]).await.unwrap();
    for master in cluster.masters() {
        master
            .query::<()>(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string()])
            .await
            .unwrap();
    }
    let end = Instant::now() + PATIENCE;
    for server in cluster.masters().iter().chain([&node]) {
        while !knows_all(&server.query::<String>(&["CLUSTER", "INFO"]).await.unwrap()) {
            assert!(Instant::now() < end, "the nodes did not find each other");
            sleep(BETWEEN_LOOKS).await;
        }
    }
    node
}

fn knows_all(info: &str) -> bool {
    ["cluster_state:ok", "cluster_slots_assigned:16384", "cluster_known_nodes:4"]
        .iter()
        .all(|line| info.contains(line))
}

async fn id(server: &Server) -> String {
    server.query(&["CLUSTER", "MYID"]).await.unwrap()
}

async fn set_slot(server: &Server, slot: u16, state: &str, id: &str) {
    let slot = slot.to_string();
    server.query::<()>(&["CLUSTER", "SETSLOT", &slot, state, id]).await.unwrap();
}

async fn migrate(from: &Server, to: &Server, key: &str) {
    let port = to.port().to_string();
    let moved = from.query::<String>(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]).await;
    assert_eq!(moved.unwrap(), "OK");
}

/// Sends two requests for each customer at once, and checks that all are admitted and counted.
async fn all_pass(shop: &Shop, customers: [u64; 2], left: &mut u32) {
    let mut asking = JoinSet::new();
    for customer in customers.into_iter().chain(customers) {
        let shop = shop.clone();
        asking.spawn(async move { shop.ask(customer).await });
    }
    for answer in asking.join_all().await {
        assert!(answer.passed() && answer.exact, "{answer:?}, {:?}", shop.redis());
    }
    *left -= 2;
    for customer in customers {
        *left -= 1;
        assert_eq!(shop.ask(customer).await.left, Some(*left), "of {customer}");
        *left += 1;
    }
    *left -= 1;
    assert_eq!(shop.redis().state(), State::Up);
}

async fn through_a_migration(coalesce: usize) {
    let mut cluster = RedisCluster::start().await.unwrap();
    let redis = Redis::cluster(cluster.urls()).deadline(PATIENCE).coalesce(coalesce);
    let redis = redis.build().unwrap();
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
    let policy = Policy::per_day("day", 1).burst(LIMIT);
    let shop = Shop::new(&redis, policy, OnFailure::Deny);
    let Shared { slot, keys, customers } = two_of_one_slot(&shop, &cluster).await;
    let target = empty_node(&cluster).await;
    let source = cluster.master_of(slot);
    let (from, to) = (id(source).await, id(&target).await);
    let mut left = LIMIT - 1;

    all_pass(&shop, customers, &mut left).await;
    set_slot(&target, slot, "IMPORTING", &from).await;
    set_slot(source, slot, "MIGRATING", &to).await;
    all_pass(&shop, customers, &mut left).await;
    migrate(source, &target, &keys[0]).await;
    all_pass(&shop, customers, &mut left).await;
    migrate(source, &target, &keys[1]).await;
    all_pass(&shop, customers, &mut left).await;
    set_slot(&target, slot, "NODE", &to).await;
    set_slot(source, slot, "NODE", &to).await;
    all_pass(&shop, customers, &mut left).await;
    let held: Vec<String> = target.query(&["KEYS", "rl:{shop:*"]).await.unwrap();
    assert_eq!(held.len(), 2, "the limits migrate with the slot");
}

#[tokio::test]
async fn batched_questions_follow_a_slot_that_migrates() {
    through_a_migration(64).await;
}

#[tokio::test]
async fn individual_questions_follow_a_slot_that_migrates() {
    through_a_migration(1).await;
}
