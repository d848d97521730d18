use std::fmt;

/// One thing that is wrong with a policy or with the settings of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The header, with the directive where there is one, or the setting.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Mistake {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// All that is wrong with a policy or with the settings of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
}

impl ConfigError {
    /// Every mistake, in the order in which they were written; at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// `value`, unless there are mistakes in it.
    pub(crate) fn unless<T>(mistakes: Vec<Mistake>, value: T) -> Result<T, Self> {
        if mistakes.is_empty() { Ok(value) } else { Err(Self { mistakes }) }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("security headers: ")?;
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
