//! The number of entries.

use battlement_health::{Check, CheckState, Health};

fn check(name: String) -> Check {
    Check::of_state(name, || CheckState::pass(""))
}

#[tokio::test]
async fn there_are_at_most_256_entries() {
    let builder = (0..=256)
        .fold(Health::builder(), |builder, number| builder.check(check(format!("check-{number}"))));
    let error = builder.try_build().unwrap_err();
    assert_eq!(error.to_string(), "health settings: checks: must be at most 256 checks, got 257");

    let builder = (0..256)
        .fold(Health::builder(), |builder, number| builder.check(check(format!("check-{number}"))));
    let health = builder.build();
    let error = health.check(check("one-more".to_owned())).unwrap_err();
    let expected =
        "health settings: checks.one-more: the registry is full; it can have at most 256 entries";
    assert_eq!(error.to_string(), expected);
    assert_eq!(health.checks().len(), 256);
}

#[tokio::test]
async fn holds_of_one_name_are_one_entry_until_the_last_is_dropped() {
    let health = Health::new();
    let (one, other) = (health.hold("maintenance"), health.hold("maintenance"));
    assert_eq!(health.checks().len(), 1);
    drop(one);
    assert_eq!(health.checks().len(), 1);
    drop(other);
    assert!(health.checks().is_empty());
}

#[tokio::test]
async fn an_abandoned_gate_can_be_replaced_and_any_other_cannot() {
    let health = Health::new();
    drop(health.gate("cache-warm"));
    health.gate("cache-warm").open();
    assert_eq!(health.checks().len(), 1);
    let error = health.check(check("cache-warm".to_owned())).unwrap_err();
    assert!(error.to_string().contains("the name is taken"), "{error}");
}

#[tokio::test]
#[should_panic(expected = "Health: checks.cache-warm: the name is taken")]
async fn a_second_gate_of_a_name_panics() {
    let health = Health::new();
    health.gate("cache-warm").open();
    let _ = health.gate("cache-warm");
}

#[tokio::test]
#[should_panic(expected = "Health: name: \"ping\" is reserved")]
async fn a_reserved_name_panics() {
    let _ = Health::new().hold("ping");
}
