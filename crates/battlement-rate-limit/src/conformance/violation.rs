use std::{error::Error, fmt};

use super::Rule;

/// A violation of a rule by a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    rule: Rule,
    seed: u64,
    message: String,
}

impl Violation {
    pub(super) const fn new(rule: Rule, seed: u64, message: String) -> Self {
        Self { rule, seed, message }
    }

    /// Returns the broken rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns the seed with which the suite repeats the violation; see [`Conformance::seed`](super::Conformance::seed).
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the description of the violation, with the step at which the store deviated.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, seed, message } = self;
        write!(f, "{rule:?} ({}), seed {seed}: {message}", rule.promise())
    }
}

impl Error for Violation {}
