use super::{Csp, CspBuilder};

/// A builder that was told what `text` says. Whatever is wrong with it, the builder's checks tell.
pub(super) fn builder(text: &str) -> CspBuilder {
    let mut builder = Csp::builder();
    for directive in text.split(';') {
        let mut words = directive.split_ascii_whitespace();
        if let Some(name) = words.next() {
            builder = builder.named(name, words.collect::<super::SourceList>());
        }
    }
    builder
}
