use std::error::Error;

use crate::explain::links;

/// The texts of an error and its sources, the outermost first.
///
/// Some errors repeat their source's text in their own; what stands at the end of a text is not said again.
pub(crate) fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in links(error).map(ToString::to_string) {
        if !texts.last().is_some_and(|last| last.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts
}

/// The same on one line: what would end it, or move a terminal's cursor, is escaped. Some of it may be what
/// a client wrote, as in the text of a parser's error.
pub(crate) fn line(error: &(dyn Error + 'static)) -> String {
    let text = texts(error).join(": ");
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() { line.extend(char.escape_default()) } else { line.push(char) }
    }
    line
}
