use http::{HeaderName, header};

use crate::Record;

mod combined;
mod json;

/// The format of the lines of a [`Writer`](crate::Writer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object per line, with the field names of a preset. So far a line has the outcome, the method, the path,
    /// the status and the request id; the `tracing` event has all fields.
    Json(Names),
    /// The combined log format of Apache and nginx. So far without the time and the headers.
    Combined,
}

/// The names of the fields of JSON lines. So far every preset has the names of OpenTelemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Names {
    /// The names of OpenTelemetry's semantic conventions. The default.
    #[default]
    OpenTelemetry,
    /// The names of the Elastic Common Schema.
    Ecs,
    /// The names of Google Cloud's `httpRequest`.
    GoogleCloud,
    /// The names of pino-http.
    PinoHttp,
}

/// The headers that are part of the combined log format.
static COMBINED: [HeaderName; 2] = [header::REFERER, header::USER_AGENT];

impl Format {
    /// Returns the headers that are part of the format.
    pub(crate) fn headers(self) -> &'static [HeaderName] {
        match self {
            Self::Json(_) => &[],
            Self::Combined => &COMBINED,
        }
    }

    /// Appends `record` as one line, with its line feed, to `line`.
    pub(crate) fn write(self, record: &Record<'_>, line: &mut Vec<u8>) {
        match self {
            Self::Json(names) => json::write(names, record, line),
            Self::Combined => combined::write(record, line),
        }
        line.push(b'\n');
    }
}
