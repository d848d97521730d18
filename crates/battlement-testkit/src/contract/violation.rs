use std::{error::Error, fmt};

use super::Rule;

/// A rule that a layer breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What happened, in words.
    pub what: String,
}

impl Violation {
    pub(super) const fn new(rule: Rule, what: String) -> Self {
        Self { rule, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, what } = self;
        write!(f, "{rule:?} ({}): {what}", rule.promise())
    }
}

impl Error for Violation {}
