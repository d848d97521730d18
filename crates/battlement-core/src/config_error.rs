use std::fmt;

/// One thing that is wrong with the settings of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The name of the setting, as `policies[1].quota`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Mistake {
    /// This is wrong with that setting.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The same, of a setting that stands under another.
    #[must_use]
    pub fn under(self, setting: &str) -> Self {
        Self { field: format!("{setting}.{}", self.field), message: self.message }
    }
}

/// All that is wrong with the settings of a layer: at least one [`Mistake`].
///
/// Every layer has the same, so that a service can read the settings of all of them before it tells what is
/// wrong.
///
/// # Example
///
/// ```
/// use battlement_core::{ConfigError, Mistake};
///
/// let hops = Mistake::new("hops", "40 hops; must be 1 to 32");
/// let quota = Mistake::new("policies[0].quota", "must be at least 1");
/// let read: [Result<(), ConfigError>; 3] = [
///     ConfigError::unless("client IP settings", vec![hops], ()),
///     ConfigError::unless("rate limit settings", vec![quota], ()),
///     ConfigError::unless("metrics settings", vec![], ()),
/// ];
/// let wrong: Vec<String> = read.into_iter().filter_map(Result::err).map(|e| e.to_string()).collect();
/// assert_eq!(wrong, [
///     "client IP settings: hops: 40 hops; must be 1 to 32",
///     "rate limit settings: policies[0].quota: must be at least 1",
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    subject: &'static str,
    mistakes: Vec<Mistake>,
}

impl ConfigError {
    /// These mistakes in the settings of `subject`.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn new(subject: &'static str, mistakes: Vec<Mistake>) -> Self {
        assert!(!mistakes.is_empty(), "{subject}: an error without a mistake");
        Self { subject, mistakes }
    }

    /// `value`, unless there are mistakes in it.
    ///
    /// # Errors
    ///
    /// With the mistakes, if there are any.
    pub fn unless<T>(subject: &'static str, mistakes: Vec<Mistake>, value: T) -> Result<T, Self> {
        if mistakes.is_empty() { Ok(value) } else { Err(Self::new(subject, mistakes)) }
    }

    /// What is wrong, as `rate limit settings`.
    #[must_use]
    pub const fn subject(&self) -> &'static str {
        self.subject
    }

    /// Every mistake, in the order in which they were met; at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The mistakes, without what they are of.
    #[must_use]
    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.subject)?;
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told_at_once_under_what_they_are_of() {
        let mistakes =
            || vec![Mistake::new("a", "is wrong"), Mistake::new("b", "too").under("c[1]")];
        let error = ConfigError::unless("some settings", mistakes(), ()).unwrap_err();
        assert_eq!(error.to_string(), "some settings: a: is wrong; c[1].b: too");
        assert_eq!((error.subject(), error.mistakes()), ("some settings", &*mistakes()));
        assert_eq!(error.into_mistakes(), mistakes());
    }

    #[test]
    fn without_a_mistake_there_is_no_error() {
        assert_eq!(ConfigError::unless("some settings", vec![], 7), Ok(7));
    }
}
