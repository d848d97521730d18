use std::fmt;

/// An invalid setting, with the reason.
///
/// An entry of a [`ConfigError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    field: String,
    message: String,
}

impl InvalidField {
    /// Creates an entry for `field`, as `policies[1].quota`; `message` says what is wrong and what would be valid.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// Moves the entry under `setting`: `quota` under `policies[1]` becomes `policies[1].quota`.
    #[must_use]
    pub fn under(self, setting: &str) -> Self {
        Self { field: format!("{setting}.{}", self.field), message: self.message }
    }

    /// Returns the name of the setting, as `policies[1].quota`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns what is wrong with the setting, and what would be valid.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Every invalid setting of a layer: at least one [`InvalidField`].
///
/// All layers share this type, so that a service can read the settings of every layer before it reports the errors.
///
/// # Example
///
/// ```
/// use battlement_core::{ConfigError, InvalidField};
///
/// let hops = InvalidField::new("hops", "must be 1 to 32, got 40");
/// let quota = InvalidField::new("policies[0].quota", "must be at least 1");
/// let read: [Result<(), ConfigError>; 3] = [
///     ConfigError::check("client IP settings", vec![hops], ()),
///     ConfigError::check("rate limit settings", vec![quota], ()),
///     ConfigError::check("metrics settings", vec![], ()),
/// ];
/// let errors: Vec<String> = read.into_iter().filter_map(Result::err).map(|e| e.to_string()).collect();
/// assert_eq!(errors, [
///     "client IP settings: hops: must be 1 to 32, got 40",
///     "rate limit settings: policies[0].quota: must be at least 1",
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    subject: &'static str,
    fields: Vec<InvalidField>,
}

impl ConfigError {
    /// Creates an error for the settings of `subject`, as `rate limit settings`.
    ///
    /// # Panics
    ///
    /// If `fields` is empty.
    #[must_use]
    pub fn new(subject: &'static str, fields: Vec<InvalidField>) -> Self {
        assert!(!fields.is_empty(), "{subject}: an error needs at least one invalid field");
        Self { subject, fields }
    }

    /// Returns `value` if there are no invalid fields.
    ///
    /// # Errors
    ///
    /// With the invalid fields, if there are any.
    pub fn check<T>(subject: &'static str, fields: Vec<InvalidField>, value: T) -> Result<T, Self> {
        if fields.is_empty() { Ok(value) } else { Err(Self::new(subject, fields)) }
    }

    /// Returns the name of the settings, as `rate limit settings`.
    #[must_use]
    pub const fn subject(&self) -> &'static str {
        self.subject
    }

    /// Returns every invalid field in the order in which they were found; at least one.
    #[must_use]
    pub fn fields(&self) -> &[InvalidField] {
        &self.fields
    }

    /// Returns the invalid fields without the name of the settings.
    #[must_use]
    pub fn into_fields(self) -> Vec<InvalidField> {
        self.fields
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.subject)?;
        for (index, field) in self.fields.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{field}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_lists_every_invalid_field_under_its_subject() {
        let fields = || {
            let nested = InvalidField::new("b", "must be at least 1").under("c[1]");
            vec![InvalidField::new("a", "is unknown"), nested]
        };
        let error = ConfigError::check("some settings", fields(), ()).unwrap_err();
        assert_eq!(error.to_string(), "some settings: a: is unknown; c[1].b: must be at least 1");
        assert_eq!((error.subject(), error.fields()), ("some settings", &*fields()));
        assert_eq!(
            (error.fields()[1].field(), error.fields()[1].message()),
            ("c[1].b", "must be at least 1")
        );
        assert_eq!(error.into_fields(), fields());
    }

    #[test]
    fn settings_without_an_invalid_field_are_returned() {
        assert_eq!(ConfigError::check("some settings", vec![], 7), Ok(7));
    }
}
