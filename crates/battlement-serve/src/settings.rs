use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{Limits, limits::SETTINGS};

battlement_core::settings! {
    /// The [`Limits`] of a server in a configuration file.
    ///
    /// Every field is optional and has the default of [`Limits::new`]. Unknown fields are rejected by name. `TryFrom`
    /// reports every invalid field at once.
    ///
    /// ```
    /// use battlement_serve::{Limits, ServerSettings};
    ///
    /// let settings: ServerSettings = serde_json::from_str(r#"{ "idle": "620s", "connections": 10000 }"#).unwrap();
    /// let limits = Limits::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "ServerSettings", default = "ServerSettings::default", deny_unknown_fields)]
    pub struct ServerSettings {
        /// [`Limits::first_request`], as `10s`.
        pub first_request: Option<String>,
        /// [`Limits::header`], as `10s`.
        pub header: Option<String>,
        /// [`Limits::idle`], as `75s`.
        pub idle: Option<String>,
        /// [`Limits::connections`].
        pub connections: Option<usize>,
    }
}

impl TryFrom<ServerSettings> for Limits {
    type Error = ConfigError;

    fn try_from(settings: ServerSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let mut limits = Self::new();
        let times = [
            ("first_request", settings.first_request, &mut limits.first_request),
            ("header", settings.header, &mut limits.header),
            ("idle", settings.idle, &mut limits.idle),
        ];
        for (field, text, time) in times {
            read(field, text, time, &mut invalid);
        }
        limits.connections = settings.connections;
        ConfigError::check(SETTINGS, invalid, ())?;
        limits.check()?;
        Ok(limits)
    }
}

fn read(
    field: &'static str,
    text: Option<String>,
    time: &mut Duration,
    invalid: &mut Vec<InvalidField>,
) {
    if let Some(read) = text.and_then(|text| duration(field, &text, invalid)) {
        *time = read;
    }
}
