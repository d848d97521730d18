use std::{num::NonZeroU32, time::Duration};

use battlement::problem::{FieldError, Problem};
use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Fault, Kind, Plan};

const KIND: &str = "expected 503, reset_before, reset_after or in_turn";
const EVERY: &str = "expected a number of charges, from 1 to 1000000";
const DURATION: &str = "expected a number of seconds, from 1 to 600";

/// Reads a plan from JSON, or returns a problem that names every invalid field.
pub(crate) fn read(body: &[u8], now: Instant) -> Result<Plan, Problem> {
    let invalid = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_faults");
    let mut fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| invalid().detail(format!("expected a JSON object: {error}")))?;
    let mut errors = Vec::new();
    let kind = field(&mut fields, &mut errors, "kind", KIND, kind);
    let every = field(&mut fields, &mut errors, "every", EVERY, |value| number(value, 1_000_000));
    let duration =
        field(&mut fields, &mut errors, "duration_seconds", DURATION, |value| number(value, 600));
    let unknown = |name: &String| FieldError::new(format!("/{}", escape(name)), "unknown field");
    errors.extend(fields.keys().map(unknown));
    match (kind, every, duration) {
        (Some(kind), Some(every), Some(seconds)) if errors.is_empty() => {
            Ok(Plan::new(kind, every, Duration::from_secs(seconds.get().into()), now))
        }
        _ => Err(invalid().detail("the fields in `errors` are invalid").fields(errors)),
    }
}

/// Takes a field. A missing or invalid one adds an error.
fn field<T>(
    fields: &mut Map<String, Value>,
    errors: &mut Vec<FieldError>,
    name: &str,
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    let value = fields.remove(name).as_ref().and_then(read);
    if value.is_none() {
        errors.push(FieldError::new(format!("/{name}"), expected));
    }
    value
}

fn kind(value: &Value) -> Option<Kind> {
    Some(match value.as_str()? {
        "503" => Kind::Only(Fault::Unavailable),
        "reset_before" => Kind::Only(Fault::ResetBefore),
        "reset_after" => Kind::Only(Fault::ResetAfter),
        "in_turn" => Kind::InTurn,
        _ => return None,
    })
}

fn number(value: &Value, max: u32) -> Option<NonZeroU32> {
    let number = u32::try_from(value.as_u64()?).ok().filter(|number| *number <= max)?;
    NonZeroU32::new(number)
}

/// Escapes the name of a field for a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(body: &Value) -> Vec<String> {
        let problem = read(body.to_string().as_bytes(), Instant::now()).unwrap_err();
        assert_eq!(problem.status(), 422);
        problem.field_errors().iter().map(|error| error.pointer().to_owned()).collect()
    }

    #[test]
    fn a_plan_is_read_with_each_kind_and_at_its_bounds() {
        let now = Instant::now();
        for (name, kind) in [
            ("503", Kind::Only(Fault::Unavailable)),
            ("reset_before", Kind::Only(Fault::ResetBefore)),
            ("reset_after", Kind::Only(Fault::ResetAfter)),
            ("in_turn", Kind::InTurn),
        ] {
            for (every, seconds) in [(1_u32, 1), (1_000_000, 600)] {
                let body = json!({ "kind": name, "every": every, "duration_seconds": seconds });
                let duration = Duration::from_secs(seconds);
                let plan = Plan::new(kind, every.try_into().unwrap(), duration, now);
                assert_eq!(read(body.to_string().as_bytes(), now).unwrap(), plan, "{body}");
            }
        }
    }

    #[test]
    fn each_invalid_field_is_named() {
        let valid = json!({ "kind": "503", "every": 1, "duration_seconds": 1 });
        for (name, values) in [
            ("kind", [json!("500"), json!(503), json!("")]),
            ("every", [json!(0), json!(1_000_001), json!("1")]),
            ("duration_seconds", [json!(0), json!(601), json!(1.5)]),
        ] {
            for value in values {
                let mut body = valid.clone();
                body[name] = value;
                assert_eq!(pointers(&body), [format!("/{name}")], "{body}");
            }
            let mut body = valid.clone();
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(pointers(&body), [format!("/{name}")], "{body}");
        }
    }

    #[test]
    fn all_invalid_fields_are_named_at_once_and_unknown_ones_too() {
        let body = json!({ "every": 0, "status/code": 503 });
        assert_eq!(pointers(&body), ["/kind", "/every", "/duration_seconds", "/status~1code"]);
        let body = json!({ "kind": "503", "every": 1, "duration_seconds": 1, "a~b": null });
        assert_eq!(pointers(&body), ["/a~0b"]);
    }

    #[test]
    fn a_body_that_is_not_an_object_is_a_problem_without_fields() {
        for body in ["", "{", "[]", "null"] {
            let problem = read(body.as_bytes(), Instant::now()).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.field_errors()), (422, &[][..]));
        }
    }
}
