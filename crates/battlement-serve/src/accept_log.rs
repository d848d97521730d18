//! The log of accept loops, at a bounded rate: clients cause most of what they log.

use std::{io, time::Duration};

use battlement_core::LogLimit;
use tracing::{debug, warn};

use crate::AcceptErrorKind;

/// The time between two messages of one kind.
const PERIOD: Duration = Duration::from_secs(10);

/// The limits of the log of a listener.
#[derive(Debug)]
pub(crate) struct AcceptLog {
    full: LogLimit,
    /// By kind.
    errors: Vec<LogLimit>,
}

impl AcceptLog {
    pub(crate) fn new() -> Self {
        let limit = || LogLimit::per(PERIOD);
        Self { full: limit(), errors: AcceptErrorKind::ALL.iter().map(|_| limit()).collect() }
    }

    /// Logs that a listener accepts no connection, because the limit is reached.
    #[cold]
    pub(crate) fn full(&self, listener: &str) {
        if let Some(suppressed) = self.full.admit() {
            warn!(
                listener,
                suppressed,
                "connection limit reached; new connections wait until another one is closed"
            );
        }
    }

    /// Logs an error, after which the loop waits for `wait`.
    #[cold]
    pub(crate) fn error(
        &self,
        listener: &str,
        kind: AcceptErrorKind,
        error: &io::Error,
        wait: Option<Duration>,
    ) {
        let Some(suppressed) = self.errors[kind as usize].admit() else { return };
        match wait {
            Some(retry_after) => {
                warn!(listener, %error, suppressed, ?retry_after, "cannot accept connections; retrying");
            }
            None => {
                debug!(listener, %error, suppressed, "connection failed before it was accepted");
            }
        }
    }
}
