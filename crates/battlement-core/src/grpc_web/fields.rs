use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{grpc_code::GRPC_STATUS, trailers_only::GRPC_PUSHBACK};

/// The fields that determine the result of a call.
const JUDGING: [HeaderName; 2] = [GRPC_STATUS, GRPC_PUSHBACK];

/// The number of bytes of a line that are stored. A field that determines the result of a call is far shorter; a
/// longer line is truncated, and its value is then invalid.
const LINE: usize = 64;

/// The fields of a trailer frame, read line by line as HTTP/1 writes them.
#[derive(Debug)]
pub(super) struct Fields {
    line: [u8; LINE],
    filled: usize,
    fields: HeaderMap,
}

impl Default for Fields {
    fn default() -> Self {
        Self { line: [0; LINE], filled: 0, fields: HeaderMap::new() }
    }
}

impl Fields {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line();
            } else if let Some(slot) = self.line.get_mut(self.filled) {
                *slot = *byte;
                self.filled += 1;
            }
        }
    }

    /// Returns the fields, including the one of an unterminated last line.
    pub(super) fn take(&mut self) -> HeaderMap {
        self.end_line();
        std::mem::take(&mut self.fields)
    }

    /// Stores the field of the line if it is relevant; of a repeated field the first value applies.
    fn end_line(&mut self) {
        let line = &self.line[..std::mem::take(&mut self.filled)];
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        let field =
            JUDGING.into_iter().find(|field| field.as_str().as_bytes().eq_ignore_ascii_case(name));
        if let Some(field) = field {
            // A value that is not valid in a header is not a code either.
            let value = HeaderValue::from_bytes(value).unwrap_or(HeaderValue::from_static(""));
            self.fields.entry(field).or_insert(value);
        }
    }
}
