use super::{Csp, CspBuilder};

/// Creates a builder with the directives of `text`. Errors are found by the builder's checks.
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
