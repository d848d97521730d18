use std::time::SystemTime;

use crate::{record::Record, time::Time};

mod combined;
mod json;
#[cfg(test)]
mod tests;

/// The format of the lines of a [`Writer`](crate::Writer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A JSON object per line, with the field names of a preset.
    ///
    /// A string has the value that the client sent, with characters that could break a line or its display written as
    /// `\u....`. A value that is not UTF-8 is text with `\x..` for such bytes and `\u{5c}` for a backslash; the field
    /// `escaped` lists the fields with such values, and `truncated` those with values that were cut. `dropped_lines`
    /// is the number of lines that were lost since the line before.
    Json(Names),
    /// The combined log format of Apache and nginx, in UTC. The referrer and the user agent are in it if the layer's
    /// `headers` allow them, else `-`.
    ///
    /// Values are escaped as in events, and quotation marks as `\u{22}`. A request without a response has the status
    /// that proxies log for it: 499 if it was cancelled, 504 after a timeout, 503 for a shutdown, otherwise 500; the line
    /// of a request that was received has 100. After lines were lost, `"dropped_lines=3"` ends the next line. Without an
    /// address, as for a peer on a Unix socket, the first field is `-`; goaccess rejects such a line.
    Combined,
}

/// The names of the fields of JSON lines. A field for which a preset has no name has that of OpenTelemetry, or that of
/// the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Names {
    /// The names of OpenTelemetry's semantic conventions, as in the event, but an array `http.request.header.<name>` for
    /// each header. The default.
    #[default]
    OpenTelemetry,
    /// The names of the Elastic Common Schema 8, with dots, as Elastic's logging libraries write them.
    Ecs,
    /// The names of Google Cloud's `LogEntry`, with `severity` and `httpRequest`. The trace is written without the name of
    /// the project.
    GoogleCloud,
    /// The names of pino-http, with `req`, `res` and `responseTime`; without `pid` and `hostname`.
    PinoHttp,
}

impl Format {
    /// Returns `record` as one line, with its line feed.
    pub(crate) fn line(self, record: &Record<'_>, at: SystemTime) -> Vec<u8> {
        let mut line = match self {
            Self::Json(names) => json::line(names, record, Time::of(at)),
            Self::Combined => combined::line(record, Time::of(at)),
        };
        line.push('\n');
        line.into_bytes()
    }

    /// Adds the number of lines that were lost before `line` to it. A line of other code is not always in the format.
    pub(crate) fn add_dropped(self, line: &mut Vec<u8>, dropped: u64) {
        let is_object = line.starts_with(b"{") && line.ends_with(b"}\n");
        let (end, instead) = match self {
            Self::Json(_) if is_object => ("}\n", format!(",\"dropped_lines\":{dropped}}}\n")),
            Self::Json(_) => ("\n", format!(" dropped_lines={dropped}\n")),
            Self::Combined => ("\n", format!(" \"dropped_lines={dropped}\"\n")),
        };
        if line.ends_with(end.as_bytes()) {
            line.truncate(line.len() - end.len());
        }
        line.extend_from_slice(instead.as_bytes());
    }
}
