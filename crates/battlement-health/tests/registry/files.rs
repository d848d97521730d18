//! Settings from a file.

#![cfg(feature = "serde")]

use battlement_health::{
    Check, CheckState, Details, Health, HealthBuilder, HealthSettings, Status,
};

use crate::script::{SECOND, Script, entry};

fn read(json: &str) -> HealthSettings {
    serde_json::from_str(json).unwrap()
}

#[tokio::test(start_paused = true)]
async fn settings_of_a_check_in_a_file_apply_over_those_of_the_code() {
    let script = Script::new();
    script.set(CheckState::fail("down"));
    let settings = read(
        r#"{ "interval": "20s", "checks": { "redis": { "critical": true, "interval": "1s" }, "mail": { "critical": false } } }"#,
    );
    let other = Script::new();
    let health = settings
        .builder()
        .check(script.check("redis").interval(5 * SECOND))
        .check(other.check("tax"))
        .check(Script::new().check("mail").critical())
        .build();
    tokio::time::sleep(12 * SECOND).await;
    assert!(script.runs() >= 10, "{}", script.runs());
    assert_eq!(entry(&health, "redis").status, Status::Fail);
    assert_eq!(other.runs(), 1, "the interval of the registry");
    assert!(!entry(&health, "mail").critical);
}

#[tokio::test]
async fn every_mistake_of_a_file_and_of_the_code_is_reported_at_once() {
    let settings = read(
        r#"{
            "interval": "soon",
            "details": "none",
            "fail_after": 0,
            "checks": { "rediss": { "timeout": "x" }, "redis": { "timeout": "1h", "recover_after": 0 } }
        }"#,
    );
    let check = |name| Check::of_state(name, || CheckState::pass(""));
    let error = settings.builder().check(check("redis")).check(check("mail")).check(check("a b"));
    let error = error.try_build().unwrap_err();
    let errors: Vec<_> = error.fields().iter().map(ToString::to_string).collect();
    let expected = [
        "interval: must be a duration such as 250ms, 10s, 5m, 24h or 7d, got \"soon\"",
        "details: must be `public` or `full`, got \"none\"",
        "checks.rediss.timeout: must be a duration such as 250ms, 10s, 5m, 24h or 7d, got \"x\"",
        "fail_after: must be at least 1, got 0",
        "checks.redis.timeout: must be greater than zero and at most `interval`, 10s, got 3600s",
        "checks.redis.recover_after: must be at least 1, got 0",
        "checks[2].name: must be 1 to 64 ASCII letters, digits, `-`, `_` or `.`, got \"a b\"",
        "checks.rediss: is unknown; the checks are `redis`, `mail`, `a b`",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn a_file_alone_is_checked_without_a_runtime() {
    let builder = HealthBuilder::try_from(read(r#"{ "details": "full", "stale_after": "25s" }"#));
    assert!(format!("{:?}", builder.unwrap()).contains(&format!("{:?}", Details::Full)));
    let error = HealthBuilder::try_from(read(r#"{ "stale_after": "19s" }"#)).unwrap_err();
    assert_eq!(error.fields()[0].field(), "stale_after");
}

#[tokio::test]
async fn a_file_for_a_registry_without_checks_says_so() {
    let settings = read(r#"{ "checks": { "redis": {} } }"#);
    let error = settings.builder().try_build().unwrap_err();
    let expected =
        "health settings: checks.redis: is unknown; the registry is built without checks";
    assert_eq!(error.to_string(), expected);
    assert!(Health::builder().try_build().is_ok());
}
