//! Invalid settings, all at once.

use std::time::Duration;

use battlement_health::{Check, CheckState, Health, HealthBuilder, Probe};

use crate::script::SECOND;

fn check(name: &'static str) -> Check {
    Check::of_state(name, || CheckState::pass(""))
}

fn errors(builder: HealthBuilder) -> Vec<String> {
    let error = builder.try_build().unwrap_err();
    assert_eq!(error.subject(), "health settings");
    error.fields().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_mistake_is_reported_with_its_name_and_its_fix() {
    let builder = Health::builder()
        .check(check("a b").interval(Duration::ZERO))
        .check(check("").critical())
        .check(check("ping"))
        .check(check("redis"))
        .check(check("redis").probes([Probe::Live, Probe::Ready]))
        .check(check("mail").probes([]))
        .check(check("tax").interval(SECOND).timeout(2 * SECOND).fail_after(0).recover_after(0))
        .check(check("map").stale_after(19 * SECOND).timeout(Duration::ZERO))
        .check(check("bank").interval(Duration::ZERO))
        .check(check("slow").interval(25 * 60 * 60 * SECOND));
    let name = "must be 1 to 64 ASCII letters, digits, `-`, `_` or `.`, got";
    let expected = [
        &*format!("checks[0].name: {name} \"a b\""),
        &*format!("checks[1].name: {name} \"\""),
        "checks[2].name: \"ping\" is reserved; choose another name",
        "checks.redis: the name is taken; choose another name, or drop the owner of the other entry first",
        "checks.redis.probes: must not contain `live`: a dependency that fails would restart every instance; use a \
         heartbeat or a supervised task for liveness",
        "checks.mail.probes: must contain `ready` or `startup`",
        "checks.tax.timeout: must be greater than zero and at most `interval`, 1s, got 2s",
        "checks.tax.fail_after: must be at least 1, got 0",
        "checks.tax.recover_after: must be at least 1, got 0",
        "checks.map.timeout: must be greater than zero and at most `interval`, 10s, got 0ns",
        "checks.map.stale_after: must be at least 20s, the longer of two intervals and 110 % of `interval` plus `timeout`, and at most 259200s, got 19s",
        "checks.bank.interval: must be greater than zero and at most 86400s, got 0ns",
        "checks.slow.interval: must be greater than zero and at most 86400s, got 90000s",
    ];
    assert_eq!(errors(builder), expected);
}

#[tokio::test]
async fn mistakes_of_the_registry_are_reported_once_for_all_checks() {
    let builder = Health::builder().timeout(11 * SECOND).recover_after(0);
    let builder = builder.check(check("redis").critical()).check(check("mail").fail_after(0));
    let expected = [
        "timeout: must be greater than zero and at most `interval`, 10s, got 11s",
        "recover_after: must be at least 1, got 0",
        "checks.mail.fail_after: must be at least 1, got 0",
    ];
    assert_eq!(errors(builder), expected);
}

#[test]
fn a_missing_runtime_is_one_more_mistake() {
    let expected = [
        "interval: must be greater than zero and at most 86400s, got 0ns",
        "runtime: is missing; call `build` inside a tokio runtime",
    ];
    assert_eq!(errors(Health::builder().interval(Duration::ZERO)), expected);
    assert_eq!(errors(Health::builder()), expected[1..]);
}

#[test]
#[should_panic(expected = "Health: health settings: runtime: is missing")]
fn a_registry_outside_of_a_runtime_panics() {
    let _ = Health::new();
}

#[tokio::test]
async fn a_check_that_is_registered_later_is_checked_as_well() {
    let health = Health::builder().check(check("redis")).build();
    let error = |check| health.check(check).unwrap_err().to_string();
    let late = check("redis").probes([Probe::Live]).timeout(Duration::ZERO);
    let text = error(late);
    assert_eq!(text.matches("checks.redis").count(), 3, "{text}");
    assert!(error(check("a/b")).starts_with("health settings: name: must be"));
}

#[tokio::test]
async fn the_longest_and_the_shortest_values_are_valid() {
    let day = 24 * 60 * 60 * SECOND;
    let longest = check("a").interval(day).timeout(day).stale_after(3 * day);
    let shortest = check("b").interval(Duration::from_nanos(1)).timeout(Duration::from_nanos(1));
    let name = "n".repeat(64);
    let check = Check::of_state(name, || CheckState::pass(""));
    let builder = Health::builder().check(longest).check(shortest).check(check);
    assert!(builder.try_build().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_timeout_is_never_longer_than_a_short_interval_by_default() {
    let hangs = Check::new("hangs", std::future::pending::<CheckState>).interval(SECOND);
    let health = Health::builder().check(hangs).build();
    tokio::time::sleep(SECOND + SECOND / 2).await;
    let state = &health.checks()[0].state;
    assert_eq!(state, &CheckState::fail("the check did not end within 1000 ms"));
}

#[tokio::test]
async fn a_result_must_outlast_one_run_that_takes_its_whole_time() {
    // By default, the timeout of a short interval is the interval, which varies by up to a tenth.
    let check = |age| check("a").interval(SECOND).stale_after(Duration::from_millis(age));
    let error = Health::builder().check(check(2_099)).try_build().unwrap_err().to_string();
    assert!(error.contains("must be at least 2.1s, the longer of two intervals"), "{error}");
    assert!(Health::builder().check(check(2_100)).try_build().is_ok());
}
