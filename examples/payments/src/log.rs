//! The log, as `RUST_LOG` filters it: JSON, or text for a terminal.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    io::{self, IsTerminal, Write, stdout},
    str::FromStr,
};

use battlement::access_log::{Format, Lines, Names, Writer};
use tokio::task::spawn_blocking;
use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt::writer::MakeWriterExt};

/// The target of the records of requests.
const RECORDS: &str = "battlement::access";

/// Crates whose log lines these programs can contain.
const TARGETS: &[&str] = &[
    "storefront",
    "payments",
    "inventory",
    "battlement",
    "battlement_access_log",
    "battlement_circuit_breaker",
    "battlement_client_ip",
    "battlement_concurrency_limit",
    "battlement_core",
    "battlement_health",
    "battlement_metrics",
    "battlement_problem",
    "battlement_rate_limit",
    "battlement_rate_limit_redis",
    "battlement_request_id",
    "battlement_retry",
    "battlement_security_headers",
    "battlement_serve",
    "battlement_shutdown",
    "battlement_timeout",
    "axum",
    "axum_core",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "redis",
    "rustls",
    "tokio",
    "tokio_util",
    "tonic",
    "tower",
];

/// A filter of log lines.
pub struct LogFilter(EnvFilter);

impl LogFilter {
    pub const EXPECTED: &str = "levels (off, error, warn, info, debug, trace) and targets, \
        such as info or info,hyper=debug; a target of another crate needs a level, such as sqlx=debug";

    /// Starts the log on stdout, and returns the queue of its records.
    pub fn init(self, format: Option<LogFormat>) -> Records {
        let lines = Writer::stdout(Format::Json(Names::OpenTelemetry)).lines();
        let records = Records(lines.clone());
        // No request waits until its record is read. Other lines are written at once, so that none of them is lost.
        let queue = move || lines.clone();
        let output = queue.with_filter(|line| line.target() == RECORDS).or_else(stdout);
        let is_terminal = stdout().is_terminal();
        let log = tracing_subscriber::fmt().with_env_filter(self.0).with_ansi(is_terminal);
        match format {
            Some(LogFormat::Text) => log.with_writer(output).init(),
            None if is_terminal => log.with_writer(output).init(),
            // The ids of a request are in the field `span` of each line.
            _ => log.json().flatten_event(true).with_span_list(false).with_writer(output).init(),
        }
        records
    }
}

/// The format of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

impl LogFormat {
    pub const EXPECTED: &str = "json or text";
    pub const UNSET: &str = "text if stdout is a terminal, otherwise json";
}

#[derive(Debug)]
pub struct InvalidFormat;

impl FromStr for LogFormat {
    type Err = InvalidFormat;

    fn from_str(text: &str) -> Result<Self, InvalidFormat> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(InvalidFormat),
        }
    }
}

/// The queue of the records of requests, which a thread writes.
pub struct Records(Lines);

impl Records {
    /// Waits until the records in the queue are written, and fails if nothing reads them.
    pub async fn flush(mut self) -> io::Result<()> {
        spawn_blocking(move || self.0.flush()).await?
    }
}

#[derive(Debug)]
pub struct InvalidFilter;

impl FromStr for LogFilter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        if !text.split(',').all(|directive| is_known(directive.trim())) {
            return Err(InvalidFilter);
        }
        text.parse().map(Self).map_err(|_| InvalidFilter)
    }
}

/// Returns whether a directive can have an effect. A single word that is not a level is a target, so a misspelled
/// level, such as `debg`, would be taken for a target and silence the log.
fn is_known(directive: &str) -> bool {
    let krate = directive.split("::").next().unwrap_or_default();
    directive.contains(['=', '['])
        || directive.parse::<LevelFilter>().is_ok()
        || TARGETS.contains(&krate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_word_must_be_a_level_or_a_target_of_the_program() {
        for text in ["info", "OFF", "warn,payments", "hyper::proto,info", "sqlx=debug", "[request]"]
        {
            assert!(text.parse::<LogFilter>().is_ok(), "{text}");
        }
        for text in ["debg", "info,debg", "paymets", "payments=debg", "debg::info"] {
            assert!(text.parse::<LogFilter>().is_err(), "{text}");
        }
    }
}
