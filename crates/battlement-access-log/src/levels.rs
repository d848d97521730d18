use battlement_core::{ErrorType, RejectionKind};
use tracing::Level;

use crate::Outcome;

/// The level of a record, by the outcome of its request.
///
/// | requests | default |
/// |---|---|
/// | succeeded | INFO |
/// | client errors, such as 404 | INFO |
/// | cancelled by the client | INFO |
/// | rejected, timed out or cut off by a battlement layer | WARN, since shedding must not fill the error log |
/// | failed: a 5xx of the service, an error, a panic, a body that failed | ERROR |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    ok: Level,
    client_error: Level,
    cancelled: Level,
    rejected: Level,
    failed: Level,
}

impl Levels {
    /// Creates the default levels.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ok: Level::INFO,
            client_error: Level::INFO,
            cancelled: Level::INFO,
            rejected: Level::WARN,
            failed: Level::ERROR,
        }
    }

    /// Sets the level of a request that succeeded.
    #[must_use]
    pub const fn ok(mut self, level: Level) -> Self {
        self.ok = level;
        self
    }

    /// Sets the level of a client error, such as 404.
    #[must_use]
    pub const fn client_error(mut self, level: Level) -> Self {
        self.client_error = level;
        self
    }

    /// Sets the level of a request that the client cancelled.
    #[must_use]
    pub const fn cancelled(mut self, level: Level) -> Self {
        self.cancelled = level;
        self
    }

    /// Sets the level of a request that a battlement layer rejected, or ended because of a time limit or a shutdown.
    #[must_use]
    pub const fn rejected(mut self, level: Level) -> Self {
        self.rejected = level;
        self
    }

    /// Sets the level of a request that failed.
    #[must_use]
    pub const fn failed(mut self, level: Level) -> Self {
        self.failed = level;
        self
    }

    /// Returns the level of a record.
    pub(crate) const fn of(&self, outcome: Outcome, rejection: Option<RejectionKind>) -> Level {
        if rejection.is_some() {
            return self.rejected;
        }
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::ClientError => self.client_error,
            Outcome::Status(_)
            | Outcome::GrpcStatus(_)
            | Outcome::Failed(ErrorType::Error | ErrorType::Body | ErrorType::Panic) => self.failed,
            Outcome::Failed(ErrorType::Cancelled) => self.cancelled,
            Outcome::Failed(_) => self.rejected,
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use battlement_core::GrpcCode;
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_level_follows_the_outcome() {
        let levels = Levels::new()
            .ok(Level::TRACE)
            .client_error(Level::DEBUG)
            .cancelled(Level::INFO)
            .rejected(Level::WARN)
            .failed(Level::ERROR);
        for (outcome, level) in [
            (Outcome::Ok, Level::TRACE),
            (Outcome::ClientError, Level::DEBUG),
            (Outcome::Failed(ErrorType::Cancelled), Level::INFO),
            (Outcome::Failed(ErrorType::Timeout), Level::WARN),
            (Outcome::Failed(ErrorType::Shutdown), Level::WARN),
            (Outcome::Failed(ErrorType::Overloaded), Level::WARN),
            (Outcome::Status(StatusCode::BAD_GATEWAY), Level::ERROR),
            (Outcome::GrpcStatus(GrpcCode::Internal), Level::ERROR),
            (Outcome::Failed(ErrorType::Error), Level::ERROR),
            (Outcome::Failed(ErrorType::Body), Level::ERROR),
            (Outcome::Failed(ErrorType::Panic), Level::ERROR),
        ] {
            assert_eq!(levels.of(outcome, None), level, "{outcome}");
        }
    }

    #[test]
    fn shedding_does_not_fill_the_error_log() {
        let rejected = Some(RejectionKind::RateLimited);
        assert_eq!(Levels::new().of(Outcome::ClientError, rejected), Level::WARN);
        let unavailable = Outcome::Status(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(Levels::new().of(unavailable, rejected), Level::WARN);
    }
}
