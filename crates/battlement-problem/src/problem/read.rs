use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Problem, RESERVED, status_code};
use crate::{Document, FieldError, existing::is_error};

/// Serializes the part for the caller, and nothing else.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document::of(self).serialize(serializer)
    }
}

/// Deserializes a problem of another service.
///
/// As RFC 9457 requires (section 3.1), a member of the wrong type is ignored. Without the status of an error the
/// problem is a 500. It is never a bug of this service. A `request_id` stays among the members.
impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::of_members)
    }
}

impl Problem {
    fn of_members(mut members: Map<String, Value>) -> Self {
        let status = members.get("status").and_then(Value::as_u64);
        let status = status.and_then(|number| StatusCode::from_u16(number.try_into().ok()?).ok());
        let status = status.filter(|status| is_error(*status));
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = text(&mut members, "code").unwrap_or_else(|| status_code::code(status));
        let mut problem = Self::new(status, code);
        problem.0.type_uri = text(&mut members, "type").filter(|uri| uri != "about:blank");
        problem.0.title = text(&mut members, "title");
        problem.0.detail = text(&mut members, "detail");
        problem.0.instance = text(&mut members, "instance");
        problem.0.errors = members.remove("errors").map(field_errors).unwrap_or_default();
        members.retain(|name, _| name == "request_id" || !RESERVED.contains(&name.as_str()));
        problem.0.members = members;
        problem
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Option<Cow<'static, str>> {
    match members.remove(name) {
        Some(Value::String(text)) => Some(Cow::Owned(text)),
        _ => None,
    }
}

fn field_errors(errors: Value) -> Vec<FieldError> {
    serde_json::from_value(errors).unwrap_or_default()
}
