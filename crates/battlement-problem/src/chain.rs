//! An error and its sources. Their code is the application's: it may fail, and may panic.

use std::{error::Error, fmt::Write as _, iter};

use battlement_core::cause;

use crate::catch::{catch, panicked};

/// The longest chain that is followed. Errors have few sources, and an error that is its own source has no end.
const LONGEST: usize = 64;

/// Returns an error and its sources, the outermost first, including the error inside an
/// [`io::Error`](std::io::Error). A `source` that panics ends the chain.
pub(crate) fn links<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |error: &&'a (dyn Error + 'static)| {
        let error = *error;
        catch(|| cause(error)).unwrap_or_else(|caught| {
            drop(panicked(caught));
            None
        })
    };
    iter::successors(Some(error), next).take(LONGEST)
}

/// The texts of an error and its sources, the outermost first.
///
/// Some errors repeat their source's text in their own; what stands at the end of a text is not said again.
pub(crate) fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for link in links(error) {
        let text = text(link);
        if !texts.last().is_some_and(|last| last.ends_with(&text)) {
            texts.push(text);
        }
        if let Err(caught) = catch(|| cause(link).is_some()) {
            texts.push(format!("its source {}", panicked(caught)));
        }
    }
    texts
}

/// Returns the text of `error`. If its `Display` fails or panics, the text ends with a note of that.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let written = catch(|| write!(text, "{error}"));
    // Writing to a string cannot fail: it was the error that did.
    match written {
        Ok(Ok(())) => {}
        Ok(Err(_)) => text.push_str(" (its Display implementation failed)"),
        Err(caught) => {
            let _ = write!(text, " (its Display implementation {})", panicked(caught));
        }
    }
    text
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
