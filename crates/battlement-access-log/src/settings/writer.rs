use battlement_core::InvalidField;
use serde::Deserialize;

use crate::{Format, Names, Writer, sink::Sink};

battlement_core::settings! {
    /// The settings of a [`Writer`].
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "WriterSettings", default = "WriterSettings::default", deny_unknown_fields)]
    pub struct WriterSettings {
        /// [`Format`]: `json` or `combined`. Default: `json`.
        pub format: FormatName,
        /// [`Names`] of JSON: `open-telemetry`, `ecs`, `google-cloud` or `pino-http`.
        pub names: Option<Names>,
        /// [`Writer::queue`], in lines.
        pub queue: Option<usize>,
    }
}

/// The name of a [`Format`] in settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FormatName {
    /// [`Format::Json`].
    #[default]
    Json,
    /// [`Format::Combined`].
    Combined,
}

pub(super) fn sink(settings: &WriterSettings, invalid: &mut Vec<InvalidField>) -> Option<Sink> {
    let format = match settings.format {
        FormatName::Json => Format::Json(settings.names.unwrap_or_default()),
        FormatName::Combined => Format::Combined,
    };
    if settings.format == FormatName::Combined && settings.names.is_some() {
        let message = "must be unset with the format `combined`, which has no names";
        invalid.push(InvalidField::new("stdout.names", message));
    }
    let writer = Writer::stdout(format);
    match settings.queue {
        Some(0) => {
            invalid.push(InvalidField::new("stdout.queue", "must be at least 1, got 0"));
            None
        }
        Some(lines) => Some(Sink::Writer(writer.queue(lines))),
        None => Some(Sink::Writer(writer)),
    }
}
