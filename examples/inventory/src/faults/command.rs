use std::{num::NonZeroU32, time::Duration};

use battlement::problem::{FieldError, Problem};
use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Fault, Kind, Pick, Plan};

const KIND: &str = "expected 503, 500, reset_before, reset_after, in_turn, refuse, hang, slow or \
    truncate";
const PICK: &str = "expected either `every`, a number of calls from 1 to 1000000, or `share`, more than 0 and at most 1";
const DURATION: &str = "expected a number of seconds, from 1 to 600";
const DELAY: &str = "expected a number of milliseconds from 1 to 60000, and only for slow";

/// The time by which an answer is late if the command has none. Longer than most callers wait.
const DEFAULT_DELAY: Duration = Duration::from_secs(3);

/// Reads a plan from JSON, or returns a problem that names every invalid field.
pub(crate) fn read(body: &[u8], now: Instant) -> Result<Plan, Problem> {
    let invalid = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_faults");
    let fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| invalid().detail(format!("expected a JSON object: {error}")))?;
    let mut command = Command { fields, errors: Vec::new() };
    let kind = command.kind();
    let pick = command.pick();
    let duration = command.field("duration_seconds", DURATION, |value| number(value, 600));
    let errors = command.finish();
    match (kind, pick, duration) {
        (Some(kind), Some(pick), Some(seconds)) if errors.is_empty() => {
            Ok(Plan::new(kind, pick, Duration::from_secs(seconds.get().into()), now))
        }
        _ => Err(invalid().detail("the fields in `errors` are invalid").fields(errors)),
    }
}

/// The fields of a command that are not read yet, and the errors of those that were.
struct Command {
    fields: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Command {
    /// Takes the kind, and the delay that one of the kinds has.
    fn kind(&mut self) -> Option<Kind> {
        let name = self.fields.get("kind").and_then(Value::as_str).map(str::to_owned);
        let delay = if self.fields.contains_key("delay_ms") {
            let is_slow = name.as_deref() == Some("slow");
            let delay = |value: &Value| number(value, 60_000).filter(|_| is_slow);
            self.field("delay_ms", DELAY, delay).map(|ms| Duration::from_millis(ms.get().into()))
        } else {
            Some(DEFAULT_DELAY)
        };
        self.field("kind", KIND, |_| kind(name.as_deref()?, delay.unwrap_or(DEFAULT_DELAY)))
    }

    fn pick(&mut self) -> Option<Pick> {
        if self.fields.contains_key("share") && !self.fields.contains_key("every") {
            let share =
                |value: &Value| value.as_f64().filter(|share| 0.0 < *share && *share <= 1.0);
            return self.field("share", PICK, share).map(Pick::Share);
        }
        if self.fields.remove("share").is_some() {
            self.errors.push(FieldError::new("/share", PICK));
        }
        self.field("every", PICK, |value| number(value, 1_000_000)).map(Pick::Every)
    }

    /// Takes a field. A missing or invalid one adds an error.
    fn field<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.fields.remove(name).as_ref().and_then(read);
        if value.is_none() {
            self.errors.push(FieldError::new(format!("/{name}"), expected));
        }
        value
    }

    /// Returns the errors, with those of the fields that are left, which are unknown.
    fn finish(mut self) -> Vec<FieldError> {
        let unknown =
            |name: &String| FieldError::new(format!("/{}", escape(name)), "unknown field");
        self.errors.extend(self.fields.keys().map(unknown));
        self.errors
    }
}

fn kind(name: &str, delay: Duration) -> Option<Kind> {
    Some(Kind::Only(match name {
        "503" => Fault::Unavailable,
        "500" => Fault::Internal,
        "reset_before" => Fault::ResetBefore,
        "reset_after" => Fault::ResetAfter,
        "refuse" => Fault::Refuse,
        "hang" => Fault::Hang,
        "slow" => Fault::Slow(delay),
        "truncate" => Fault::Truncate,
        "in_turn" => return Some(Kind::InTurn),
        _ => return None,
    }))
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

    fn valid() -> Value {
        json!({ "kind": "503", "every": 1, "duration_seconds": 1 })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = valid();
        body[name] = value;
        body
    }

    #[test]
    fn a_plan_is_read_with_each_kind_and_at_its_bounds() {
        let now = Instant::now();
        for (name, kind) in [
            ("503", Kind::Only(Fault::Unavailable)),
            ("500", Kind::Only(Fault::Internal)),
            ("reset_before", Kind::Only(Fault::ResetBefore)),
            ("reset_after", Kind::Only(Fault::ResetAfter)),
            ("refuse", Kind::Only(Fault::Refuse)),
            ("hang", Kind::Only(Fault::Hang)),
            ("slow", Kind::Only(Fault::Slow(Duration::from_secs(3)))),
            ("truncate", Kind::Only(Fault::Truncate)),
            ("in_turn", Kind::InTurn),
        ] {
            for (every, seconds) in [(1_u32, 1), (1_000_000, 600)] {
                let body = json!({ "kind": name, "every": every, "duration_seconds": seconds });
                let duration = Duration::from_secs(seconds);
                let plan = Plan::new(kind, Pick::Every(every.try_into().unwrap()), duration, now);
                assert_eq!(read(body.to_string().as_bytes(), now).unwrap(), plan, "{body}");
            }
        }
    }

    #[test]
    fn a_share_takes_the_place_of_a_number() {
        let now = Instant::now();
        for share in [json!(0.001), json!(0.5), json!(1)] {
            let body = json!({ "kind": "hang", "share": share, "duration_seconds": 1 });
            let pick = Pick::Share(share.as_f64().unwrap());
            let plan = Plan::new(Kind::Only(Fault::Hang), pick, Duration::from_secs(1), now);
            assert_eq!(read(body.to_string().as_bytes(), now).unwrap(), plan, "{body}");
        }
        assert_eq!(pointers(&with("share", json!(0.5))), ["/share"]);
        for share in [json!(0), json!(1.1), json!(-1), json!("1")] {
            let body = json!({ "kind": "hang", "share": share, "duration_seconds": 1 });
            assert_eq!(pointers(&body), ["/share"], "{body}");
        }
    }

    #[test]
    fn only_a_slow_answer_has_a_delay() {
        let now = Instant::now();
        for ms in [1, 60_000] {
            let body = json!({ "kind": "slow", "every": 1, "duration_seconds": 1, "delay_ms": ms });
            let kind = Kind::Only(Fault::Slow(Duration::from_millis(ms)));
            let every_call = Pick::Every(NonZeroU32::MIN);
            let plan = Plan::new(kind, every_call, Duration::from_secs(1), now);
            assert_eq!(read(body.to_string().as_bytes(), now).unwrap(), plan, "{body}");
        }
        assert_eq!(pointers(&with("delay_ms", json!(1))), ["/delay_ms"]);
        for ms in [json!(0), json!(60_001), json!("1")] {
            let mut body = with("kind", json!("slow"));
            body["delay_ms"] = ms;
            assert_eq!(pointers(&body), ["/delay_ms"], "{body}");
        }
    }

    #[test]
    fn each_invalid_field_is_named() {
        for (name, values) in [
            ("kind", [json!("404"), json!(503), json!("")]),
            ("every", [json!(0), json!(1_000_001), json!("1")]),
            ("duration_seconds", [json!(0), json!(601), json!(1.5)]),
        ] {
            for value in values {
                let body = with(name, value);
                assert_eq!(pointers(&body), [format!("/{name}")], "{body}");
            }
            let mut body = valid();
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(pointers(&body), [format!("/{name}")], "{body}");
        }
    }

    #[test]
    fn all_invalid_fields_are_named_at_once_and_unknown_ones_too() {
        let body = json!({ "every": 0, "status/code": 503 });
        assert_eq!(pointers(&body), ["/kind", "/every", "/duration_seconds", "/status~1code"]);
        assert_eq!(pointers(&with("a~b", Value::Null)), ["/a~0b"]);
    }

    #[test]
    fn a_body_that_is_not_an_object_is_a_problem_without_fields() {
        for body in ["", "{", "[]", "null"] {
            let problem = read(body.as_bytes(), Instant::now()).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.field_errors()), (422, &[][..]));
        }
    }
}
