//! Reads settings from environment variables, reports all invalid ones at once, and describes them for `--help`.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    str::FromStr,
};

/// Reads the variables of the process and collects the errors.
pub struct Env {
    prefix: &'static str,
    unread: BTreeMap<OsString, OsString>,
    settings: Vec<Setting>,
    errors: Vec<String>,
}

/// A variable that the service reads.
struct Setting {
    name: &'static str,
    expected: &'static str,
    unset: Unset,
}

/// Meaning of a variable that is missing or empty.
#[derive(Clone, Copy)]
enum Unset {
    /// The same as this value.
    Default(&'static str),
    /// A meaning of its own, in words.
    Optional(&'static str),
    Required,
}

impl Env {
    /// Creates a reader. Every variable that begins with `prefix` must be a setting of this service.
    pub fn new(
        prefix: &'static str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let unread = variables.into_iter().collect();
        Self { prefix, unread, settings: Vec::new(), errors: Vec::new() }
    }

    /// Reads a variable, or parses `default` if the variable is missing or empty. Returns `None` after an error, which
    /// [`finish`](Self::finish) reports.
    pub fn read<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        default: &'static str,
    ) -> Option<T> {
        let text = self.take(name, expected, Unset::Default(default));
        let value = text.as_deref().unwrap_or(OsStr::new(default)).to_str();
        let value = value.and_then(|text| text.parse().ok());
        self.checked(name, expected, value)
    }

    /// Reads a variable, or returns `Some(None)` if the variable is missing or empty; `unset` describes that case.
    #[allow(dead_code, reason = "not every service has an optional setting")]
    pub fn read_optional<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        unset: &'static str,
    ) -> Option<Option<T>> {
        let Some(text) = self.take(name, expected, Unset::Optional(unset)) else {
            return Some(None);
        };
        let value = text.to_str().and_then(|text| text.parse().ok());
        self.checked(name, expected, value).map(Some)
    }

    /// Reads a variable that must be set.
    #[allow(dead_code, reason = "not every service has a required setting")]
    pub fn read_required<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &'static str,
    ) -> Option<T> {
        let text = self.take(name, expected, Unset::Required);
        let value = text.as_deref().and_then(OsStr::to_str).and_then(|text| text.parse().ok());
        self.checked(name, expected, value)
    }

    /// Records an error that concerns several variables, each of which is valid alone.
    #[allow(dead_code, reason = "not every service has settings that depend on each other")]
    pub fn reject(&mut self, error: String) {
        self.errors.push(error);
    }

    /// Returns the finished settings, or all errors.
    pub fn finish<T>(mut self, settings: Option<T>) -> Result<T, InvalidEnv> {
        let known: Vec<_> = self.settings.iter().map(|setting| setting.name).collect();
        for name in self.unread.keys().filter_map(|name| name.to_str()) {
            if let Some(rest) = name.strip_prefix(self.prefix)
                && !is_from_kubernetes(rest)
            {
                self.errors.push(format!("{name:?}: unknown setting, known: {}", known.join(", ")));
            }
        }
        settings.filter(|_| self.errors.is_empty()).ok_or(InvalidEnv(self.errors))
    }

    /// Returns the text for `--help`.
    pub fn usage(self, service: &'static str) -> Usage {
        Usage { service, settings: self.settings }
    }

    fn take(
        &mut self,
        name: &'static str,
        expected: &'static str,
        unset: Unset,
    ) -> Option<OsString> {
        self.settings.push(Setting { name, expected, unset });
        self.unread.remove(OsStr::new(name)).filter(|text| !text.is_empty())
    }

    /// Records an error if there is no value. The text of the variable is not repeated, since it may be a secret.
    fn checked<T>(&mut self, name: &str, expected: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.errors.push(format!("{name}: expected {expected}"));
        }
        value
    }
}

/// Returns whether Kubernetes sets the variable in every pod, as it does `STOREFRONT_PORT` and
/// `STOREFRONT_SERVICE_HOST` for a service of that name. Such a variable is neither a setting nor an error. `rest` is the
/// name without the prefix.
pub fn is_from_kubernetes(rest: &str) -> bool {
    rest.starts_with("PORT") || rest.starts_with("SERVICE_")
}

/// All errors in the environment, each with the variable and its expected value.
#[derive(Debug)]
pub struct InvalidEnv(Vec<String>);

impl fmt::Display for InvalidEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid environment variables (see --help):")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

/// The text for `--help`: every variable, its expected value and its default.
pub struct Usage {
    service: &'static str,
    settings: Vec<Setting>,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\nSettings are environment variables; empty means unset.", self.service)?;
        writeln!(f, "With --probe URL, the exit code is 0 if the probe at URL passes, else 1.")?;
        self.settings.iter().try_for_each(|setting| write!(f, "\n{setting}"))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}\n      {}", self.name, self.expected)?;
        match self.unset {
            Unset::Default(value) => writeln!(f, "      default: {value}"),
            Unset::Optional(meaning) => writeln!(f, "      unset: {meaning}"),
            Unset::Required => writeln!(f, "      required"),
        }
    }
}
