use battlement_health::{
    Health,
    Status::{Fail, Pass},
};

use crate::{find, reason, statuses};

#[tokio::test]
async fn startup_and_readiness_fail_until_every_gate_is_open() {
    let health = Health::new();
    let (cache, listener) = (health.gate("cache-warm"), health.gate("listener"));
    assert_eq!(statuses(&health), [Pass, Fail, Fail]);
    assert_eq!(reason(&health, "listener"), "the gate is not open yet");
    listener.open();
    assert_eq!(statuses(&health), [Pass, Fail, Fail]);
    cache.open();
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    assert_eq!(reason(&health, "listener"), "open");
}

#[tokio::test]
async fn a_gate_that_is_dropped_unopened_fails_with_that_reason_until_a_second_attempt() {
    let health = Health::new();
    let gate = health.gate("cache-warm");
    let warm_up = tokio::spawn(async move {
        let _gate = gate;
        panic!("the cache is not there");
    });
    warm_up.await.unwrap_err();
    assert_eq!(statuses(&health), [Pass, Fail, Fail]);
    assert_eq!(reason(&health, "cache-warm"), "the gate was dropped before it was opened");
    let second = health.gate("cache-warm");
    assert_eq!(statuses(&health), [Pass, Fail, Fail]);
    assert_eq!(reason(&health, "cache-warm"), "the gate is not open yet");
    second.open();
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
}

#[tokio::test]
async fn a_gate_outlives_its_registry() {
    let health = Health::new();
    let (open, dropped) = (health.gate("open"), health.gate("dropped"));
    drop(health);
    open.open();
    drop(dropped);
}

#[tokio::test]
#[should_panic(expected = "checks.cache: the name is taken; choose another name")]
async fn a_name_that_is_taken_is_refused() {
    let health = Health::new();
    let _gate = health.gate("cache");
    let _second = health.gate("cache");
}

#[tokio::test]
#[should_panic(expected = "the name is taken")]
async fn the_name_of_an_open_gate_stays_taken() {
    let health = Health::new();
    health.gate("cache").open();
    assert!(find(&health, "cache").is_some());
    let _second = health.gate("cache");
}

#[tokio::test]
#[should_panic(expected = "must be 1 to 64 ASCII letters")]
async fn an_invalid_name_is_refused() {
    let _gate = Health::new().gate("cache warm");
}
