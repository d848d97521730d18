use std::io::Write;

use crate::{Record, escape::escaped};

/// Appends `record` in the combined log format, except for the line feed.
pub(super) fn write(record: &Record<'_>, line: &mut Vec<u8>) {
    let client = record.client_ip().map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let path = escaped(record.path().as_bytes(), record.longest());
    let status = record.status().map_or(0, |status| status.as_u16());
    let method = record.method();
    let _ = write!(line, "{client} - - \"{method} {path}\" {status} {}", record.bytes_out());
}
