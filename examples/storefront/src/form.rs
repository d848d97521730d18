//! Reads JSON field by field, so that everything wrong with it can be told at once. A derived `Deserialize`
//! gives up at the first.

use battlement::problem::FieldError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What has been found wrong so far.
#[derive(Default)]
pub struct Form {
    errors: Vec<FieldError>,
}

impl Form {
    /// Says that something is wrong at `pointer` (RFC 6901).
    pub fn wrong(&mut self, pointer: impl Into<String>, detail: &'static str) {
        self.errors.push(FieldError::new(pointer.into(), detail));
    }

    /// The members of an object that has no others than those `known`.
    pub fn object(
        &mut self,
        pointer: &str,
        value: Value,
        known: &[&str],
    ) -> Option<Map<String, Value>> {
        let Value::Object(members) = value else {
            self.wrong(pointer, "expected an object");
            return None;
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.wrong(format!("{pointer}/{name}"), "there is no such field");
        }
        Some(members)
    }

    /// One member, if it is there and of the right type.
    pub fn member<T: DeserializeOwned>(
        &mut self,
        pointer: &str,
        members: &mut Map<String, Value>,
        name: &str,
        expected: &'static str,
    ) -> Option<T> {
        let member = members.remove(name).and_then(|value| serde_json::from_value(value).ok());
        if member.is_none() {
            self.wrong(format!("{pointer}/{name}"), expected);
        }
        member
    }

    /// What was read, unless something was wrong.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<FieldError>> {
        read.filter(|_| self.errors.is_empty()).ok_or(self.errors)
    }
}
