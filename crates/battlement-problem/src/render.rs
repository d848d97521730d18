//! Rendering of problems.

mod document;
mod html;
mod text;

use bytes::Bytes;
use http::HeaderValue;

pub(crate) use self::document::Document;
use crate::accept::Format;

impl Document<'_> {
    /// Renders the problem in `format`, and returns it with its content type.
    pub(crate) fn render(&self, format: Format) -> (HeaderValue, Bytes) {
        let (content_type, bytes) = match format {
            Format::Json => ("application/problem+json", self.json()),
            Format::Text => ("text/plain; charset=utf-8", text::render(self).into()),
            Format::Html => ("text/html; charset=utf-8", html::render(self).into()),
        };
        (HeaderValue::from_static(content_type), bytes)
    }
}

/// Returns whether a text may contain `char`. Terminals and browsers interpret control characters.
fn is_printable(char: char) -> bool {
    !char.is_control() || matches!(char, '\n' | '\t')
}
