use std::{fmt, sync::Arc};

use serde::Deserialize;

use crate::{Bug, Explain};

/// The amount of detail that callers see of a bug.
///
/// The configuration of a deployment sets this value. The build profile has no effect on it: a debug build in production
/// must not expose causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expose {
    /// Callers see only the id of their request. This is the default.
    #[default]
    Nothing,
    /// Callers see the chain of causes, as the member `causes`. For local development.
    Causes,
}

pub(crate) type OnBug = Arc<dyn Fn(&Bug<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) types_at: Option<String>,
    pub(crate) expose: Expose,
    pub(crate) explainers: Vec<Arc<dyn Explain>>,
    pub(crate) on_bug: Option<OnBug>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            types_at: None,
            expose: Expose::default(),
            explainers: Vec::new(),
            on_bug: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("enabled", &self.enabled)
            .field("types_at", &self.types_at)
            .field("expose", &self.expose)
            .field("explainers", &self.explainers.len())
            .field("on_bug", &self.on_bug.is_some())
            .finish()
    }
}
