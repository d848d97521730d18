use std::{error::Error, fmt};

use super::Rule;

/// A violation of a rule by a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    rule: Rule,
    message: String,
}

impl Violation {
    pub(super) const fn new(rule: Rule, message: String) -> Self {
        Self { rule, message }
    }

    /// Returns the broken rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns the description of the violation.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, message } = self;
        write!(f, "{rule:?} ({}): {message}", rule.promise())
    }
}

impl Error for Violation {}
