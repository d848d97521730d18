//! Reads JSON field by field, so that a response can list every invalid field. A derived `Deserialize` stops at the
//! first error.

use battlement::problem::FieldError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Collects the errors of the fields read so far.
#[derive(Default)]
pub struct Form {
    errors: Vec<FieldError>,
}

impl Form {
    /// Records an error of the field at `pointer` (RFC 6901).
    pub fn error(&mut self, pointer: impl Into<String>, detail: &'static str) {
        self.errors.push(FieldError::new(pointer.into(), detail));
    }

    /// Returns the members of an object, and records an error for each member whose name is not in `known`.
    pub fn object(
        &mut self,
        pointer: &str,
        value: Value,
        known: &[&str],
    ) -> Option<Map<String, Value>> {
        let Value::Object(members) = value else {
            self.error(pointer, "expected an object");
            return None;
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.error(format!("{pointer}/{name}"), "unknown field");
        }
        Some(members)
    }

    /// Removes and returns a member, or records an error if it is missing or has the wrong type.
    pub fn member<T: DeserializeOwned>(
        &mut self,
        pointer: &str,
        members: &mut Map<String, Value>,
        name: &str,
        expected: &'static str,
    ) -> Option<T> {
        let member = members.remove(name).and_then(|value| serde_json::from_value(value).ok());
        if member.is_none() {
            self.error(format!("{pointer}/{name}"), expected);
        }
        member
    }

    /// Returns the value that was read, or all recorded errors.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<FieldError>> {
        read.filter(|_| self.errors.is_empty()).ok_or(self.errors)
    }
}
