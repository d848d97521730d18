use std::fmt::Write as _;

use super::{Document, is_printable};

pub(super) fn render(document: &Document<'_>) -> String {
    let mut text = format!("{} {}\n", document.status().as_u16(), document.title());
    // Writing to a string cannot fail.
    if let Some(detail) = document.detail() {
        let _ = writeln!(text, "{detail}");
    }
    for error in document.errors() {
        let _ = writeln!(text, "{}: {}", error.pointer(), error.detail());
    }
    for cause in document.exposed_causes() {
        let _ = writeln!(text, "caused by: {cause}");
    }
    if let Some(id) = document.id() {
        let _ = writeln!(text, "request id: {id}");
    }
    text.retain(is_printable);
    text
}
