use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use super::{BackoffSettings, BudgetSettings, SETTINGS};
use crate::{
    ByPolicy, RetryLayer,
    config::{Config, invalid_attempts},
};

battlement_core::settings! {
    /// The settings of a [`RetryLayer`] with a [`RetryPolicy`](crate::RetryPolicy) in a configuration file.
    ///
    /// Every field is optional and has the default of [`RetryLayer::new`]. Unknown fields are rejected by name.
    /// [`layer`](Self::layer) reports every invalid field at once.
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "RetryPolicySettings",
        default = "RetryPolicySettings::default",
        deny_unknown_fields,
    )]
    pub struct RetryPolicySettings {
        /// [`RetryLayer::enabled`].
        pub enabled: bool,
        /// [`RetryLayer::attempts`], 1 to 100.
        pub attempts: u32,
        /// [`RetryLayer::backoff`].
        pub backoff: BackoffSettings,
        /// [`RetryLayer::longest_wait`], as `2s`.
        pub longest_wait: Option<String>,
        /// [`RetryLayer::budget`], without `per_authority`.
        pub budget: BudgetSettings,
    }
}

impl Default for RetryPolicySettings {
    fn default() -> Self {
        let Config { enabled, attempts, .. } = Config::default();
        let (backoff, budget) = (BackoffSettings::default(), BudgetSettings::default());
        Self { enabled, attempts, backoff, longest_wait: None, budget }
    }
}

impl RetryPolicySettings {
    /// Creates a layer that repeats the calls that `policy` decides to repeat, or returns every error.
    ///
    /// # Errors
    ///
    /// If a field is invalid.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_retry::{Attempt, Next, RetryPolicy, RetryPolicySettings};
    ///
    /// #[derive(Clone)]
    /// struct Never;
    ///
    /// impl<T, E> RetryPolicy<u32, T, E> for Never {
    ///     fn clone_request(&self, _: &u32) -> Option<u32> {
    ///         None
    ///     }
    ///
    ///     fn next(&self, _: &Attempt, _: Result<&T, &E>) -> Next {
    ///         Next::Stop
    ///     }
    /// }
    ///
    /// let settings: RetryPolicySettings = serde_json::from_str(
    ///     r#"{ "attempts": 5, "backoff": { "base": "10ms" } }"#,
    /// ).unwrap();
    /// let layer = settings.layer(Never).unwrap();
    /// ```
    pub fn layer<P>(self, policy: P) -> Result<RetryLayer<ByPolicy<P>>, ConfigError> {
        let mut invalid = Vec::new();
        let mut config = Config { enabled: self.enabled, ..Config::default() };
        config.attempts(self.attempts, &mut invalid);
        config.backoff = self.backoff.backoff("backoff", config.backoff, &mut invalid);
        config.longest_wait(self.longest_wait, &mut invalid);
        config.budgets = self.budget.shared(&mut invalid);
        let layer = RetryLayer::of(ByPolicy::new(policy)).configure(|mine| *mine = config);
        ConfigError::check(SETTINGS, invalid, layer)
    }
}

impl Config {
    pub(super) fn attempts(&mut self, attempts: u32, invalid: &mut Vec<InvalidField>) {
        invalid.extend(invalid_attempts(attempts));
        self.attempts = attempts;
    }

    pub(super) fn longest_wait(&mut self, text: Option<String>, invalid: &mut Vec<InvalidField>) {
        let Some(text) = text else { return };
        let Some(wait) = duration("longest_wait", &text, invalid) else { return };
        // As for a backoff.
        if u64::try_from(wait.as_nanos()).is_err() {
            let message = format!("must be at most 584 years, got {wait:?}");
            invalid.push(InvalidField::new("longest_wait", message));
        }
        self.longest_wait = wait;
    }
}
