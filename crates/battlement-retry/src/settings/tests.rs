use std::time::Duration;

use super::*;
use crate::{Backoff, Budget, Budgets, Http, Jitter, RetryLayer, Throttle};

fn layer(json: &str) -> Result<RetryLayer<Http>, String> {
    let settings: RetrySettings = serde_json::from_str(json).map_err(|error| error.to_string())?;
    RetryLayer::try_from(settings).map_err(|error| error.to_string())
}

/// Asserts that the settings make the same layer as the setters. The time must stand still.
fn makes(json: &str, same: RetryLayer<Http>) {
    let made = layer(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(format!("{made:?}"), format!("{same:?}"), "{json}");
}

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn absent_settings_have_the_defaults_of_the_layer() {
    makes("{}", RetryLayer::http());
    let empty = r#"{ "backoff": {}, "overload_backoff": {}, "budget": {} }"#;
    makes(empty, RetryLayer::http());
    makes(r#"{ "throttle": {} }"#, RetryLayer::http().throttle(Throttle::default()));
}

#[tokio::test(start_paused = true)]
async fn each_setting_is_that_of_its_setter() {
    let http = RetryLayer::http;
    makes(r#"{ "enabled": false }"#, http().enabled(false));
    makes(r#"{ "attempts": 4 }"#, http().attempts(4));
    let backoff = Backoff::new(Jitter::Decorrelated, 10 * MS, 1_000 * MS);
    let json = r#"{ "jitter": "decorrelated", "base": "10ms", "cap": "1s" }"#;
    makes(&format!(r#"{{ "backoff": {json} }}"#), http().backoff(backoff));
    makes(&format!(r#"{{ "overload_backoff": {json} }}"#), http().overload_backoff(backoff));
    makes(r#"{ "longest_wait": "9s" }"#, http().longest_wait(9_000 * MS));
    makes(r#"{ "timeout_cost": 2 }"#, http().timeout_cost(2));
    let throttle = Throttle::new(1.5, 60_000 * MS);
    makes(r#"{ "throttle": { "k": 1.5, "window": "1m" } }"#, http().throttle(throttle));
    makes(r#"{ "idempotency_key": false }"#, http().idempotency_key(false));
    let methods = ["a.B/C", "/a.B/D"];
    makes(r#"{ "idempotent_methods": ["a.B/C", "/a.B/D"] }"#, http().idempotent_methods(methods));
    makes(r#"{ "replay_limit": 0 }"#, http().replay_limit(0));
    makes(r#"{ "attempt_headers": true }"#, http().attempt_headers(true));
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_shared_or_by_authority_or_off() {
    let with = |budgets: Budgets| RetryLayer::http().budget(budgets);
    let json = r#"{ "budget": { "ratio": 0.5, "per_second": 0 } }"#;
    makes(json, with(Budget::new(0.5, 0).into()));
    makes(r#"{ "budget": { "ratio": 1 } }"#, with(Budget::new(1.0, 1).into()));
    let json = r#"{ "budget": { "per_authority": 7 } }"#;
    makes(json, with(Budget::default().per_authority(7).into()));
    makes(r#"{ "budget": { "enabled": false } }"#, with(Budgets::Unlimited));
    let json = r#"{ "budget": { "enabled": false, "ratio": 2, "per_authority": 7 } }"#;
    assert_eq!(layer(json).unwrap_err(), "retry settings: budget.ratio: must be 0 to 1, got 2");
}

#[tokio::test(start_paused = true)]
async fn an_absent_part_of_a_backoff_has_the_default_of_its_setting() {
    let backoff = Backoff::new(Jitter::Full, 5 * MS, 250 * MS);
    makes(r#"{ "backoff": { "base": "5ms" } }"#, RetryLayer::http().backoff(backoff));
    let overload = Backoff::new(Jitter::Equal, 500 * MS, 9_000 * MS);
    let json = r#"{ "overload_backoff": { "cap": "9s" } }"#;
    makes(json, RetryLayer::http().overload_backoff(overload));
    let error = layer(r#"{ "backoff": { "base": "1s" } }"#).unwrap_err();
    assert!(error.ends_with("backoff.cap: must be at least `base` (1s), got 250ms"), "{error}");
}

#[test]
fn an_invalid_setting_is_named_with_its_path() {
    for (json, start) in [
        (r#"{ "backoff": { "jitter": "none" } }"#, "backoff.jitter: unknown variant `none`"),
        (r#"{ "backoff": { "factor": 2 } }"#, "backoff.factor: unknown field `factor`"),
        (r#"{ "budget": { "ratio": "20%" } }"#, "budget.ratio: invalid type"),
        (r#"{ "throttle": { "K": 2 } }"#, "throttle.K: unknown field `K`"),
        (r#"{ "attemts": 2 }"#, "attemts: unknown field `attemts`"),
    ] {
        let error = layer(json).unwrap_err();
        assert!(error.starts_with(start), "{json}: {error}");
    }
    let error = layer(r#"{ "idempotent_methods": ["a.B/C", "a.B"] }"#).unwrap_err();
    let expected = "idempotent_methods[1]: must be a gRPC method as `pkg.Svc/Method`, got \"a.B\"";
    assert_eq!(error, format!("retry settings: {expected}"));
}

#[tokio::test(start_paused = true)]
async fn the_settings_of_a_policy_are_those_of_its_setters() {
    let read = |json| serde_json::from_str::<RetryPolicySettings>(json).unwrap().layer(7);
    let with = || RetryLayer::new(7);
    for (json, same) in [
        ("{}", with()),
        (r#"{ "enabled": false, "attempts": 5 }"#, with().enabled(false).attempts(5)),
        (r#"{ "longest_wait": "9s" }"#, with().longest_wait(9_000 * MS)),
        (r#"{ "budget": { "ratio": 0.5 } }"#, with().budget(Budget::new(0.5, 1))),
        (r#"{ "budget": { "enabled": false } }"#, with().budget(Budgets::Unlimited)),
        (
            r#"{ "backoff": { "base": "1ms" } }"#,
            with().backoff(Backoff::new(Jitter::Full, MS, 250 * MS)),
        ),
    ] {
        assert_eq!(format!("{:?}", read(json).unwrap()), format!("{same:?}"), "{json}");
    }
    let json =
        r#"{ "attempts": 0, "backoff": { "base": "0s" }, "budget": { "per_authority": 7 } }"#;
    let error = read(json).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(crate::InvalidField::field).collect();
    assert_eq!(fields, ["attempts", "backoff.base", "budget.per_authority"]);
}
