use std::{error::Error, fmt};

use super::Rule;

/// A violation of a rule by a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The broken rule.
    pub rule: Rule,
    /// A description of the violation.
    pub message: String,
}

impl Violation {
    pub(super) const fn new(rule: Rule, message: String) -> Self {
        Self { rule, message }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, message } = self;
        write!(f, "{rule:?} ({}): {message}", rule.promise())
    }
}

impl Error for Violation {}
