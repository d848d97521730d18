use std::time::Duration;

use battlement_core::{InvalidField, settings::duration};
use serde::Deserialize;

use super::checked;
use crate::{Backoff, Jitter};

/// The form of [`Backoff`] in a configuration file. Absent fields have the defaults of the setting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackoffSettings {
    /// The random part of a wait: `full`, `equal` or `decorrelated`.
    pub jitter: Option<Jitter>,
    /// The exponential wait before the first retry, as `25ms`.
    pub base: Option<String>,
    /// The longest wait, as `250ms`; at least `base`.
    pub cap: Option<String>,
}

impl BackoffSettings {
    pub(super) fn backoff(
        self,
        field: &str,
        default: Backoff,
        invalid: &mut Vec<InvalidField>,
    ) -> Backoff {
        let mut read = |name: &str, text: Option<String>, default: Duration| match text {
            None => Some(default),
            Some(text) => duration(&format!("{field}.{name}"), &text, invalid),
        };
        // Where one cannot be read, the other is checked alone.
        let base = read("base", self.base, default.base()).unwrap_or(LEAST);
        let cap = read("cap", self.cap, default.cap()).unwrap_or(MOST);
        let jitter = self.jitter.unwrap_or(default.jitter());
        checked(field, Backoff::try_new(jitter, base, cap), invalid).unwrap_or(default)
    }
}

/// The shortest base.
const LEAST: Duration = Duration::from_nanos(1);

/// The longest cap.
const MOST: Duration = Duration::from_nanos(u64::MAX);
