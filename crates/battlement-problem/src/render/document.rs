use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{FieldError, Problem, problem::RESERVED};

const CAUSES: &str = "causes";

/// The part of a problem that the caller sees: all of an operational problem, and a fixed text for a bug.
#[derive(Clone, Debug)]
pub(crate) struct Document<'a> {
    problem: &'a Problem,
    types_at: Option<&'a str>,
    request_id: Option<&'a str>,
    causes: Vec<String>,
}

impl<'a> Document<'a> {
    /// Creates the document of `problem`.
    pub(crate) const fn of(problem: &'a Problem) -> Self {
        Self { problem, types_at: None, request_id: None, causes: Vec::new() }
    }

    /// Sets the base URI of types, to which the code is appended.
    pub(crate) const fn types_at(mut self, base: Option<&'a str>) -> Self {
        self.types_at = base;
        self
    }

    /// Sets the id of the request.
    pub(crate) const fn request_id(mut self, id: Option<&'a str>) -> Self {
        self.request_id = id;
        self
    }

    /// Sets the causes to expose, for developers.
    pub(crate) fn causes(mut self, causes: Vec<String>) -> Self {
        self.causes = causes;
        self
    }

    /// Returns the status of the response.
    pub(crate) const fn status(&self) -> StatusCode {
        self.problem.status()
    }

    fn type_uri(&self) -> Cow<'a, str> {
        match (self.problem.explicit_type(), self.types_at) {
            (Some(uri), _) if !self.problem.is_bug() => uri.into(),
            (_, Some(base)) => type_uri(base, self.problem.code()),
            _ => "about:blank".into(),
        }
    }

    /// Returns the title, the name of the type for people.
    pub(crate) fn title(&self) -> &'a str {
        if self.problem.is_bug() { "Internal Server Error" } else { self.problem.name() }
    }

    /// Returns the detail, the text for the caller.
    pub(crate) fn detail(&self) -> Option<&'a str> {
        self.public(self.problem.text())
    }

    pub(super) fn errors(&self) -> &'a [FieldError] {
        self.public(Some(self.problem.field_errors())).unwrap_or_default()
    }

    pub(super) const fn id(&self) -> Option<&'a str> {
        self.request_id
    }

    /// Returns the causes, if they are exposed.
    pub(crate) fn exposed_causes(&self) -> &[String] {
        &self.causes
    }

    fn public<T>(&self, said: Option<T>) -> Option<T> {
        said.filter(|_| !self.problem.is_bug())
    }

    /// Renders the problem as JSON.
    pub(crate) fn json(&self) -> Bytes {
        // Serialization cannot fail: the document consists of strings, numbers and JSON values.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

/// Appends `code` to `base` as one percent-encoded segment (RFC 3986, section 3.3). Readers resolve segments of
/// dots against the rest of the path, so a code of that form yields `about:blank`.
fn type_uri(base: &str, code: &str) -> Cow<'static, str> {
    if matches!(code, "" | "." | "..") {
        return "about:blank".into();
    }
    let mut uri = String::with_capacity(base.len() + code.len());
    uri.push_str(base);
    for byte in code.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri.into()
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.type_uri())?;
        map.serialize_entry("title", self.title())?;
        map.serialize_entry("status", &self.status().as_u16())?;
        if let Some(detail) = self.detail() {
            map.serialize_entry("detail", detail)?;
        }
        if let Some(instance) = self.public(self.problem.occurrence()) {
            map.serialize_entry("instance", instance)?;
        }
        map.serialize_entry("code", self.problem.code())?;
        if let Some(id) = self.request_id {
            map.serialize_entry("request_id", id)?;
        }
        if !self.errors().is_empty() {
            map.serialize_entry("errors", self.errors())?;
        }
        if !self.causes.is_empty() {
            map.serialize_entry(CAUSES, &self.causes)?;
        }
        for (name, value) in self.public(Some(self.problem.members())).into_iter().flatten() {
            // The id of another service's request is among the members; the layer's own id replaces it.
            let taken = match name.as_str() {
                "request_id" => self.request_id.is_some(),
                CAUSES => !self.causes.is_empty(),
                name => RESERVED.contains(&name),
            };
            if !taken {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
