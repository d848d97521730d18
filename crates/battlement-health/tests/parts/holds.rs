use battlement_health::{
    Health,
    Status::{Fail, Pass},
};

use crate::{find, reason, statuses};

#[tokio::test]
async fn a_hold_makes_the_service_unready_until_the_last_one_is_dropped() {
    let health = Health::new();
    let hold = health.hold("maintenance");
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    assert_eq!(reason(&health, "maintenance"), "the service is held unready");
    let second = health.hold("maintenance");
    let other = health.hold("migration");
    drop(hold);
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    drop(second);
    assert!(find(&health, "maintenance").is_none());
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    drop(other);
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    // The name can be used again.
    drop(health.hold("maintenance"));
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
}

#[tokio::test]
#[should_panic(expected = "checks.cache: the name is taken")]
async fn a_hold_does_not_take_the_name_of_a_gate() {
    let health = Health::new();
    let _gate = health.gate("cache");
    let _hold = health.hold("cache");
}
