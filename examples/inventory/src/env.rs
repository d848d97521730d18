//! Reads settings from the environment, and tells of every mistake in one go.
//!
//! The same file stands in each of the examples, so that each can be copied alone.

use std::{collections::BTreeMap, ffi::OsString, fmt, str::FromStr};

/// The process's variables, and what has been found wrong with them so far.
pub struct Env {
    prefix: &'static str,
    unread: BTreeMap<OsString, OsString>,
    known: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl Env {
    /// Whatever begins with `prefix` is a setting of this service: one that nothing reads is a mistake.
    pub fn new(
        prefix: &'static str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        Self {
            prefix,
            unread: variables.into_iter().collect(),
            known: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// The variable's value, or `unset` where it is missing or empty. `None` tells of a mistake, which
    /// [`finish`](Self::finish) will report; so does an `unset` of `None`, for what must be given.
    pub fn read<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &str,
        unset: Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let value = match self.unread.remove(name.as_ref() as &std::ffi::OsStr) {
            Some(text) if !text.is_empty() => text.to_str().and_then(|text| text.parse().ok()),
            _ => unset,
        };
        if value.is_none() {
            // The value itself is not repeated: it may hold a password.
            self.mistakes.push(format!("{name}: expected {expected}"));
        }
        value
    }

    /// The finished settings, or all that was wrong.
    pub fn finish<T>(mut self, settings: Option<T>) -> Result<T, Mistakes> {
        for name in self.unread.keys().filter_map(|name| name.to_str()) {
            if let Some(rest) = name.strip_prefix(self.prefix)
                && !is_from_kubernetes(rest)
            {
                let known = self.known.join(", ");
                self.mistakes.push(format!("{name:?}: no such setting; there are {known}"));
            }
        }
        settings.filter(|_| self.mistakes.is_empty()).ok_or(Mistakes(self.mistakes))
    }
}

/// For a service of the same name Kubernetes sets `STOREFRONT_PORT`, `STOREFRONT_SERVICE_HOST` and
/// more of the kind in every pod. They are not meant for us, nor anybody's mistake.
fn is_from_kubernetes(rest: &str) -> bool {
    rest.starts_with("PORT") || rest.starts_with("SERVICE_")
}

/// All that is wrong with the environment: which variable, and what was expected of it.
#[derive(Debug)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment is not right:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}
