use std::{
    fmt::{Display, Write},
    time::Duration,
};

use crate::{
    digits,
    escape::{escaped, needs_escape},
    time::Time,
    truncate::cut,
};

/// A JSON object that is being written.
pub(super) struct Object {
    text: String,
    longest: usize,
    /// The names of the fields whose values are escaped text, as the members of an array.
    escaped: String,
    /// The names of the fields whose values were cut, as the members of an array.
    truncated: String,
}

impl Object {
    pub(super) fn new(longest: usize) -> Self {
        let mut text = String::with_capacity(1024);
        text.push('{');
        Self { text, longest, escaped: String::new(), truncated: String::new() }
    }

    /// Starts a member. The name is one of ours or of a header, and needs no escaping.
    fn name(&mut self, name: &str) {
        separate(&mut self.text);
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    /// Writes a string whose text needs no escaping.
    pub(super) fn word(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
    }

    /// Writes a string whose text needs no escaping, such as an address.
    pub(super) fn display(&mut self, name: &str, value: impl Display) {
        self.name(name);
        let _ = write!(self.text, "\"{value}\"");
    }

    pub(super) fn time(&mut self, name: &str, value: Time) {
        self.name(name);
        self.text.push('"');
        value.push_rfc_3339(&mut self.text);
        self.text.push('"');
    }

    pub(super) fn number(&mut self, name: &str, value: impl Into<u64>) {
        self.name(name);
        digits::push(&mut self.text, value.into(), 1);
    }

    pub(super) fn millis(&mut self, name: &str, value: Duration) {
        self.name(name);
        digits::push_millis(&mut self.text, value);
    }

    pub(super) fn bool(&mut self, name: &str, value: bool) {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
    }

    /// Writes a value that a client could choose.
    pub(super) fn text(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.string(name, value);
    }

    /// Writes an array of values that a client could choose.
    pub(super) fn texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a [u8]>) {
        self.name(name);
        self.text.push('[');
        for value in values {
            separate(&mut self.text);
            self.string(name, value);
        }
        self.text.push(']');
    }

    /// Starts an object inside of this one.
    pub(super) fn open(&mut self, name: &str) {
        self.name(name);
        self.text.push('{');
    }

    /// Ends the object that was started last.
    pub(super) fn close(&mut self) {
        self.text.push('}');
    }

    pub(super) fn finish(mut self) -> String {
        for (name, names) in [("escaped", &self.escaped), ("truncated", &self.truncated)] {
            if !names.is_empty() {
                let _ = write!(self.text, ",\"{name}\":[{names}]");
            }
        }
        self.text.push('}');
        self.text
    }

    fn string(&mut self, name: &str, value: &[u8]) {
        let (value, is_cut) = cut(value, self.longest);
        self.text.push('"');
        if let Ok(text) = str::from_utf8(value) {
            push(&mut self.text, text);
        } else {
            push(&mut self.text, &escaped(value, self.longest));
            note(&mut self.escaped, name);
        }
        self.text.push('"');
        if is_cut {
            note(&mut self.truncated, name);
        }
    }
}

/// Appends a comma, unless the object or the array is empty so far.
fn separate(text: &mut String) {
    if !matches!(text.as_bytes().last(), Some(b'{' | b'[')) {
        text.push(',');
    }
}

/// Adds a name to a list, unless it is the last one there.
fn note(names: &mut String, name: &str) {
    let quoted = format!("\"{name}\"");
    if !names.ends_with(&quoted) {
        let comma = if names.is_empty() { "" } else { "," };
        let _ = write!(names, "{comma}{quoted}");
    }
}

/// Appends the characters of a JSON string.
fn push(text: &mut String, value: &str) {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    // Every byte is looked at, which takes vector instructions; a search for the first one does not.
    if value.bytes().fold(true, |are_plain, byte| are_plain & is_plain(byte)) {
        return text.push_str(value);
    }
    for char in value.chars() {
        if matches!(char, '"' | '\\') {
            text.extend(['\\', char]);
        } else if needs_escape(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(char);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_is_printable_and_reads_back(value in "(\\PC|[\"\\\\\n\u{1b}\u{2028}\u{202e}\u{e0041}]){0,4}") {
            let mut text = String::from("\"");
            push(&mut text, &value);
            text.push('"');
            prop_assert!(!text.contains(needs_escape), "{text:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }
    }
}
