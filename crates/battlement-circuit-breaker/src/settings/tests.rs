use std::time::Duration;

use super::*;
use crate::{HalfOpen, OpenFor, Rate, Trip};

fn config(json: &str) -> Result<Config, String> {
    let settings: CircuitBreakerSettings =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    let layer = CircuitBreakerLayer::try_from(settings).map_err(|error| error.to_string())?;
    Ok(*layer.config())
}

/// Asserts that the settings are the default with this change.
fn makes(json: &str, change: impl FnOnce(&mut Config)) {
    let mut expected = Config::default();
    change(&mut expected);
    assert_eq!(config(json), Ok(expected), "{json}");
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn absent_settings_have_the_defaults_of_the_layer() {
    makes("{}", |_| {});
    let empty = r#"{ "failure_rate": {}, "consecutive": {}, "open_for": {}, "half_open": {} }"#;
    makes(empty, |_| {});
    let trip = Trip::default();
    let by_calls = trip.or(Trip::failure_rate(Rate::default().over_calls(100)));
    makes(r#"{ "failure_rate_by_calls": {} }"#, |config| config.trip = by_calls);
    let slow = trip.or(Trip::slow_rate(Rate::default()));
    makes(r#"{ "slow_rate": {} }"#, |config| config.trip = slow);
}

#[test]
fn each_setting_is_that_of_its_setter() {
    makes(r#"{ "enabled": false }"#, |config| config.enabled = false);
    makes(r#"{ "shadow": true }"#, |config| config.shadow = true);
    makes(r#"{ "max_keys": 7 }"#, |config| config.max_keys = 7);
    makes(r#"{ "max_open": 0.5 }"#, |config| config.max_open = 0.5);
    makes(r#"{ "slow_after": "250ms" }"#, |config| config.slow_after = SECOND / 4);
    let json = r#"{ "half_open": { "probes": 10, "successes": 6 } }"#;
    makes(json, |config| config.half_open = Some(HalfOpen::new(10, 6)));
    makes(r#"{ "half_open": { "enabled": false } }"#, |config| config.half_open = None);
    let json = r#"{ "open_for": { "first": "1s", "cap": "8s", "jitter": false } }"#;
    let open_for = OpenFor::doubling(SECOND, 8 * SECOND).jitter(false);
    makes(json, |config| config.open_for = open_for);
}

#[test]
fn each_condition_is_that_of_its_constructor() {
    let rate = Trip::failure_rate(Rate::above(0.25).over(60 * SECOND).minimum(50));
    let consecutive = Trip::consecutive_below_minimum(5);
    let fields = r#""share": 0.25, "above": true, "minimum": 50"#;
    makes(&format!(r#"{{ "failure_rate": {{ {fields}, "window": "1m" }} }}"#), |config| {
        config.trip = rate.or(consecutive);
    });
    let calls = Rate::above(0.25).over_calls(60).minimum(50);
    let json = format!(
        r#"{{ "failure_rate": {{ "enabled": false }}, "consecutive": {{ "enabled": false }},
             "failure_rate_by_calls": {{ {fields}, "calls": 60 }},
             "slow_rate": {{ {fields}, "calls": 60 }} }}"#
    );
    makes(&json, |config| config.trip = Trip::failure_rate(calls).or(Trip::slow_rate(calls)));
    let json = r#"{ "consecutive": { "failures": 9, "below_minimum": false } }"#;
    makes(json, |config| {
        config.trip = Trip::failure_rate(Rate::default()).or(Trip::consecutive(9));
    });
    let json = r#"{ "slow_rate": { "share": 1, "window": "90s", "minimum": 3 } }"#;
    let slow = Rate::at_least(1.0).over(90 * SECOND).minimum(3);
    makes(json, |config| config.trip = Trip::default().or(Trip::slow_rate(slow)));
}

#[test]
fn an_absent_cap_is_no_less_than_the_first_interval() {
    let json = r#"{ "open_for": { "first": "2m" } }"#;
    makes(json, |config| config.open_for = OpenFor::doubling(120 * SECOND, 120 * SECOND));
    let error = config(r#"{ "open_for": { "cap": "1s" } }"#).unwrap_err();
    assert!(error.ends_with("open_for.cap: must be at least `first` (5s), got 1s"), "{error}");
}

#[test]
fn every_invalid_field_is_reported_at_once() {
    let json = r#"{
        "failure_rate": { "share": 1.5, "window": "soon", "minimum": 0 },
        "failure_rate_by_calls": { "calls": 10, "minimum": 11 },
        "consecutive": { "failures": 0 },
        "slow_rate": { "share": -1, "window": "1s", "calls": 5 },
        "slow_after": "0s",
        "open_for": { "first": "0s" },
        "half_open": { "probes": 0, "successes": 4 },
        "max_keys": 0,
        "max_open": 1.1
    }"#;
    let settings: CircuitBreakerSettings = serde_json::from_str(json).unwrap();
    let error = CircuitBreakerLayer::try_from(settings).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
    let expected = [
        "failure_rate.window",
        "slow_rate.calls",
        "failure_rate.share",
        "failure_rate.minimum",
        "failure_rate_by_calls.minimum",
        "slow_rate.share",
        "consecutive",
        "open_for.first",
        "half_open.probes",
        "half_open.successes",
        "slow_after",
        "max_keys",
        "max_open",
    ];
    assert_eq!(fields, expected);
    assert_eq!(error.subject(), "circuit breaker settings");
}

#[test]
fn successes_beyond_the_probes_and_a_breaker_without_conditions_are_errors() {
    let error = config(r#"{ "half_open": { "probes": 1 } }"#).unwrap_err();
    let expected = "half_open.successes: must be 1 to `probes` (1), got 2";
    assert!(error.ends_with(expected), "{error}");
    let off = r#"{ "failure_rate": { "enabled": false }, "consecutive": { "enabled": false } }"#;
    let error = config(off).unwrap_err();
    assert!(error.contains("failure_rate: must have a condition"), "{error}");
}

#[test]
fn an_unknown_field_and_a_wrong_type_are_named_with_their_path() {
    for (json, start) in [
        (r#"{ "treshold": 2 }"#, "treshold: unknown field `treshold`"),
        (r#"{ "failure_rate": { "rate": 2 } }"#, "failure_rate.rate: unknown field `rate`"),
        (r#"{ "failure_rate": { "share": "50%" } }"#, "failure_rate.share: invalid type"),
        (r#"{ "half_open": { "probes": -1 } }"#, "half_open.probes: invalid value"),
        (r#"{ "open_for": { "jitter": "none" } }"#, "open_for.jitter: invalid type"),
    ] {
        let error = config(json).unwrap_err();
        assert!(error.starts_with(start), "{json}: {error}");
    }
}
