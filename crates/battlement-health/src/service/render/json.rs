use std::fmt::{Display, Write as _};

use battlement_core::push_json;

use super::{
    super::page::{Page, Process},
    bounded::{Fitted, Items},
};

/// A JSON object that is being written. Names of members need no escape sequences.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a text.
    pub(super) fn text(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        push_json(&mut self.0, value);
        self
    }

    /// Adds a text if there is one.
    pub(super) fn text_of<T: AsRef<str>>(self, name: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.text(name, value.as_ref()),
            None => self,
        }
    }

    /// Adds a value that is JSON as it displays itself.
    pub(super) fn raw(mut self, name: &'static str, value: impl Display) -> Self {
        self.name(name);
        let _ = write!(self.0, "{value}");
        self
    }

    /// Adds such a value if there is one.
    pub(super) fn raw_of(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.raw(name, value),
            None => self,
        }
    }

    /// Adds the facts about the process.
    pub(super) fn process(self, process: &Process) -> Self {
        self.text_of("version", process.version)
            .raw_of("uptimeSeconds", process.uptime.map(|uptime| uptime.as_secs()))
            .raw_of("pid", process.pid)
            .raw_of("draining", process.draining)
    }

    /// Adds the checks, between the two `brackets`, then `tail`, and returns the object. Checks that have no room are
    /// counted in the last member.
    pub(super) fn checks(
        mut self,
        name: &'static str,
        (items, brackets): (Items, [char; 2]),
        tail: &str,
    ) -> String {
        self.name(name);
        self.0.push(brackets[0]);
        let Fitted { items, omitted } = items.fit(self.0.len() + tail.len() + 2);
        self.0.push_str(&items.join(","));
        self.0.push(brackets[1]);
        self.0.push_str(tail);
        self.raw_of("omitted", (omitted > 0).then_some(omitted)).end()
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_json(&mut self.0, name);
        self.0.push(':');
    }
}

/// Returns the member of an object: its name and `value`, which is JSON.
pub(super) fn member(name: &str, value: &str) -> String {
    let mut member = String::with_capacity(name.len() + value.len() + 3);
    push_json(&mut member, name);
    member.push(':');
    member.push_str(value);
    member
}

/// Returns the checks of a page as members of an object, whose values `write` returns.
pub(super) fn members(
    page: &Page<'_>,
    write: impl Fn(&crate::CheckReport) -> String,
) -> (Items, [char; 2]) {
    (Items::counted(page, |check| member(&check.name, &write(check))), ['{', '}'])
}
