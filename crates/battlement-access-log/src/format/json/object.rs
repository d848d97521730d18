use std::fmt::{Display, Write};

use crate::{
    escape::{escaped, needs_escape},
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

    /// Writes a value whose text the layer chose, or the digits of a number between quotation marks.
    pub(super) fn word(&mut self, name: &str, value: impl Display) {
        self.name(name);
        let _ = write!(self.text, "\"{value}\"");
    }

    pub(super) fn number(&mut self, name: &str, value: impl Display) {
        self.name(name);
        let _ = write!(self.text, "{value}");
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
    if !text.ends_with(['{', '[']) {
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
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
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
