//! The log, as `RUST_LOG` filters it.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    io::{IsTerminal, stdout},
    str::FromStr,
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// Crates whose log lines these programs can contain.
const TARGETS: &[&str] = &[
    "storefront",
    "payments",
    "inventory",
    "battlement",
    "battlement_circuit_breaker",
    "battlement_client_ip",
    "battlement_core",
    "battlement_health",
    "battlement_metrics",
    "battlement_problem",
    "battlement_rate_limit",
    "battlement_request_id",
    "battlement_retry",
    "battlement_security_headers",
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

    /// Starts the log, on stdout.
    pub fn init(self) {
        tracing_subscriber::fmt().with_env_filter(self.0).with_ansi(stdout().is_terminal()).init();
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
