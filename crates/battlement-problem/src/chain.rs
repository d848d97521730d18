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

/// The same on one line.
pub(crate) fn line(error: &(dyn Error + 'static)) -> String {
    texts(error).join(": ")
}
