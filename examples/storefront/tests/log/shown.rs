//! Whether output of jq is like that of another run, but for times and for numbers that depend on them.

use serde_json::{Deserializer, Map, Value};

/// Fields with a value that differs between runs.
const VARYING: [&str; 3] = ["timestamp", "network.peer.port", "requests"];
/// Layers that report how attempts at a call end, which depends on the time.
const OF_ATTEMPTS: [&str; 2] = ["battlement_retry", "battlement_timeout"];

/// Returns whether `output` has the values of `shown`, in any order: lines of different threads are in no order, and routes
/// are in that of their times.
pub fn is_like(shown: &str, output: &str) -> bool {
    let (shown, mut rest) = (values(shown), values(output));
    let mut take = |value: &Value| {
        let at = rest.iter().position(|other| are_alike(value, other));
        at.map(|at| rest.swap_remove(at)).is_some()
    };
    !shown.is_empty() && shown.iter().all(&mut take) && rest.is_empty()
}

fn values(text: &str) -> Vec<Value> {
    let values = Deserializer::from_str(text).into_iter().map(Result::unwrap);
    values.filter(|value| !is_of_attempts(value)).collect()
}

fn is_of_attempts(line: &Value) -> bool {
    let target = line["target"].as_str().unwrap_or_default();
    OF_ATTEMPTS.iter().any(|layer| target.starts_with(layer))
}

fn are_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => have_like_fields(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| are_alike(a, b))
        }
        // A time in milliseconds.
        (Value::Number(one), Value::Number(_)) if one.is_f64() => true,
        _ => one == other,
    }
}

fn have_like_fields(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let is_like = |(name, value): (&String, &Value)| {
        let is_varying = VARYING.contains(&&**name);
        other.get(name).is_some_and(|other| is_varying || are_alike(value, other))
    };
    one.len() == other.len() && one.iter().all(is_like)
}

#[test]
fn only_times_and_numbers_that_depend_on_them_may_differ() {
    let shown = r#"{"route":"/a","requests":3,"slowest_ms":1.5} {"route":"/b"}"#;
    assert!(is_like(shown, r#"{"route":"/b"} {"route":"/a","requests":4,"slowest_ms":27}"#));
    for other in [
        r#"{"route":"/a","requests":3,"slowest_ms":1.5}"#,
        r#"{"route":"/a","requests":3,"slowest_ms":1.5} {"route":"/c"}"#,
        r#"{"route":"/a","requests":3,"slowest_ms":1.5} {"route":"/b"} {"route":"/b"}"#,
        r#"{"route":"/a","requests":3,"slowest_ms":null} {"route":"/b"}"#,
        r#"{"route":"/a","slowest_ms":1.5} {"route":"/b"}"#,
    ] {
        assert!(!is_like(shown, other), "{other}");
    }
    assert!(!is_like("", ""));
}
