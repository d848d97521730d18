//! Chains of errors and their sources. Their code is the application's, and may fail or panic.

use std::{error::Error, fmt::Write as _, iter};

use battlement_core::cause;

use crate::catch::{catch, panicked};

/// The longest chain that is followed. Errors have few sources, and an error that is its own source is an endless
/// chain.
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

/// Returns the texts of an error and its sources, the outermost first.
///
/// Some errors repeat their source's text in their own; a text at the end of the previous one is left out.
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
    // Writing to a string cannot fail, so the error comes from `Display`.
    match written {
        Ok(Ok(())) => {}
        Ok(Err(_)) => text.push_str(" (its Display implementation failed)"),
        Err(caught) => {
            let _ = write!(text, " (its Display implementation {})", panicked(caught));
        }
    }
    text
}

/// Returns the texts of an error and its sources on one line. Line breaks and terminal control characters are escaped,
/// because the text may contain a client's input, as that of a parser's error does.
pub(crate) fn line(error: &(dyn Error + 'static)) -> String {
    let text = texts(error).join(": ");
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() { line.extend(char.escape_default()) } else { line.push(char) }
    }
    line
}
