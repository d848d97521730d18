//! A problem, written out.

mod document;
mod html;
mod text;

use bytes::Bytes;
use http::HeaderValue;

pub use self::document::Document;
use crate::accept::Format;

impl Document<'_> {
    /// The problem in `format`, and its content type.
    #[must_use]
    pub fn render(&self, format: Format) -> (HeaderValue, Bytes) {
        let (content_type, bytes) = match format {
            Format::Json => ("application/problem+json", self.json()),
            Format::Text => ("text/plain; charset=utf-8", text::render(self).into()),
            Format::Html => ("text/html; charset=utf-8", html::render(self).into()),
        };
        (HeaderValue::from_static(content_type), bytes)
    }
}

/// Terminals and browsers act on control characters; no sentence needs them.
fn is_printable(char: char) -> bool {
    !char.is_control() || matches!(char, '\n' | '\t')
}
