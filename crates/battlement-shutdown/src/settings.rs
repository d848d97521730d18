use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{Shutdown, Times, times::SETTINGS};

battlement_core::settings! {
    /// The settings of a [`Shutdown`] in a configuration file.
    ///
    /// Every field is optional and has the default of [`Times::new`]. Unknown fields are rejected by name. `TryFrom`
    /// reports every invalid field at once, and installs the handlers of signals only if there is none.
    ///
    /// ```
    /// use battlement_shutdown::{Shutdown, ShutdownSettings};
    ///
    /// let settings: ShutdownSettings = serde_json::from_str(
    ///     r#"{ "delay": "10s", "drain": "20s", "budget": "40s" }"#,
    /// ).unwrap();
    /// let shutdown = Shutdown::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "ShutdownSettings", default = "ShutdownSettings::default", deny_unknown_fields)]
    pub struct ShutdownSettings {
        /// [`Shutdown::delay`], as `5s`.
        pub delay: Option<String>,
        /// [`Shutdown::linger`], as `500ms`.
        pub linger: Option<String>,
        /// [`Shutdown::drain`], as `15s`.
        pub drain: Option<String>,
        /// [`Shutdown::hooks`], as `5s`.
        pub hooks: Option<String>,
        /// [`Shutdown::budget`], as `28s`.
        pub budget: Option<String>,
        /// [`Shutdown::strict`].
        pub strict: bool,
    }
}

impl TryFrom<ShutdownSettings> for Shutdown {
    type Error = ConfigError;

    fn try_from(settings: ShutdownSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let mut times = Times::new();
        let fields = [
            ("delay", settings.delay, &mut times.delay),
            ("linger", settings.linger, &mut times.linger),
            ("drain", settings.drain, &mut times.drain),
            ("hooks", settings.hooks, &mut times.hooks),
            ("budget", settings.budget, &mut times.budget),
        ];
        for (field, text, time) in fields {
            read(field, text, time, &mut invalid);
        }
        invalid.extend(times.invalid_fields());
        ConfigError::check(SETTINGS, invalid, ())?;
        Self::try_new(times).map(|shutdown| shutdown.strict(settings.strict))
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
