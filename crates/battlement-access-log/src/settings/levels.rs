use battlement_core::InvalidField;
use serde::Deserialize;

use crate::{Level, Levels};

battlement_core::settings! {
    /// The settings of [`Levels`]: `trace`, `debug`, `info`, `warn` or `error`.
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "LevelSettings", default = "LevelSettings::default", deny_unknown_fields)]
    pub struct LevelSettings {
        /// [`Levels::ok`].
        pub ok: Option<String>,
        /// [`Levels::client_error`].
        pub client_error: Option<String>,
        /// [`Levels::cancelled`].
        pub cancelled: Option<String>,
        /// [`Levels::rejected`].
        pub rejected: Option<String>,
        /// [`Levels::failed`].
        pub failed: Option<String>,
    }
}

pub(super) fn levels(settings: &LevelSettings, invalid: &mut Vec<InvalidField>) -> Levels {
    let mut levels = Levels::new();
    let mut read = |field: &str, name: &Option<String>, set: fn(Levels, Level) -> Levels| {
        let Some(name) = name else { return };
        match level(name) {
            Some(level) => levels = set(levels, level),
            None => {
                let message = format!("must be trace, debug, info, warn or error, got {name:?}");
                invalid.push(InvalidField::new(format!("levels.{field}"), message));
            }
        }
    };
    read("ok", &settings.ok, Levels::ok);
    read("client_error", &settings.client_error, Levels::client_error);
    read("cancelled", &settings.cancelled, Levels::cancelled);
    read("rejected", &settings.rejected, Levels::rejected);
    read("failed", &settings.failed, Levels::failed);
    levels
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "trace" => Level::TRACE,
        "debug" => Level::DEBUG,
        "info" => Level::INFO,
        "warn" => Level::WARN,
        "error" => Level::ERROR,
        _ => return None,
    })
}
