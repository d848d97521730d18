use std::fmt;

/// One thing that is wrong with the settings of an [`HttpMetrics`](crate::HttpMetrics).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The name of the setting, as `route_table[1]`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

/// All that is wrong with the settings of an [`HttpMetrics`](crate::HttpMetrics).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
}

impl ConfigError {
    /// Fails if there are mistakes.
    pub(crate) fn check(mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self { mistakes }) }
    }

    /// Every mistake, in the order of the settings; at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl Mistake {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metrics settings: ")?;
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
