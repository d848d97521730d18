use std::fmt::Write;

use battlement_core::push_json;

use crate::{Names, Record, escape::escaped};

/// Appends `record` as a JSON object. All presets have the names of OpenTelemetry so far.
pub(super) fn write(_: Names, record: &Record<'_>, line: &mut Vec<u8>) {
    let mut text = String::with_capacity(256);
    text.push('{');
    push(&mut text, "outcome", record.outcome().word());
    push(&mut text, "http.request.method", record.method());
    push(&mut text, "url.path", &escaped(record.path().as_bytes(), record.longest()));
    if let Some(status) = record.status() {
        let _ = write!(text, ",\"http.response.status_code\":{}", status.as_u16());
    }
    if let Some(id) = record.request_id() {
        push(&mut text, "request_id", id);
    }
    text.push('}');
    line.extend_from_slice(text.as_bytes());
}

fn push(text: &mut String, name: &str, value: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    push_json(text, name);
    text.push(':');
    push_json(text, value);
}
