//! Health checks.

use battlement_core::CheckState;
use battlement_rate_limit::remote::OnFailure;

use crate::{Redis, RedisStore, State};

impl Redis {
    /// Returns the result of a health check, with a reason that contains no secret: [`State::Up`] passes, and every
    /// other state is degraded.
    ///
    /// The result is never a failure, since only a store knows its [`OnFailure`] policy; see
    /// [`RedisStore::check_state`].
    #[must_use]
    pub fn check_state(&self) -> CheckState {
        let state = self.state();
        let reason = self.reason(state);
        if state == State::Up { CheckState::pass(reason) } else { CheckState::degraded(reason) }
    }

    /// Returns a state in words, with the fault that was logged for it.
    fn reason(&self, state: State) -> String {
        let text = match state {
            State::Connecting => "connecting to Redis",
            State::Up => "Redis is available",
            State::Degraded => "parts of Redis are unavailable",
            _ => "Redis is unavailable",
        };
        let fault = self.settings().report.fault();
        match fault.filter(|_| matches!(state, State::Degraded | State::Down)) {
            Some(fault) => format!("{text}: {fault}"),
            None => text.to_owned(),
        }
    }
}

impl RedisStore {
    /// Returns the result of a health check, with a reason that contains no secret: [`State::Up`] passes, and every
    /// other state is degraded, since the configured [`OnFailure`] policy lets requests continue.
    ///
    /// With [`OnFailure::Deny`], the result fails while Redis is down or the first connection is being made. If only
    /// parts of a cluster are unavailable, it is degraded, so that a health check does not stop the service for the
    /// clients whose keys are on other nodes.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_rate_limit_redis::{OnFailure, Redis};
    ///
    /// # fn main() -> Result<(), battlement_rate_limit::ConfigError> {
    /// let redis = Redis::new("redis://127.0.0.1:6379/")?;
    /// let orders = redis.store("orders", OnFailure::Allow);
    /// let logins = redis.store("logins", OnFailure::Deny);
    /// assert_eq!(orders.check_state().as_str(), "degraded");
    /// assert_eq!(logins.check_state().to_string(), "fail: connecting to Redis; rejecting requests");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn check_state(&self) -> CheckState {
        let state = self.redis().state();
        let reason = self.redis().reason(state);
        if state == State::Up {
            return CheckState::pass(reason);
        }
        let consequence = self.on_failure().consequence();
        let reason = match state {
            State::Degraded => format!("{reason}; {consequence} for their keys"),
            _ => format!("{reason}; {consequence}"),
        };
        if self.on_failure() == OnFailure::Deny && state != State::Degraded {
            CheckState::fail(reason)
        } else {
            CheckState::degraded(reason)
        }
    }
}
