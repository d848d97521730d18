use std::sync::Arc;

use battlement_core::{ConfigError, InvalidField, WithResponse};
use serde::Deserialize;

use super::{BackoffSettings, BudgetSettings, SETTINGS, ThrottleSettings};
use crate::{
    Http, Idempotency, RetryLayer,
    config::{Config, invalid_cost},
    http::HttpConfig,
};

battlement_core::settings! {
    /// The settings of a [`RetryLayer`] of [`http`](RetryLayer::http), or of `tonic`, in a configuration file.
    ///
    /// Every field is optional and has the default of the setter. Unknown fields are rejected by name. `TryFrom` reports
    /// every invalid field at once.
    ///
    /// ```
    /// use battlement_retry::{Http, RetryLayer, RetrySettings};
    ///
    /// let settings: RetrySettings = serde_json::from_str(
    ///     r#"{
    ///         "attempts": 4,
    ///         "backoff": { "jitter": "equal", "base": "50ms", "cap": "1s" },
    ///         "budget": { "ratio": 0.1, "per_authority": 1000 },
    ///         "throttle": { "k": 1.5 },
    ///         "idempotent_methods": ["inventory.v1.Inventory/Reserve"]
    ///     }"#,
    /// ).unwrap();
    /// let layer = RetryLayer::<Http>::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "RetrySettings", default = "RetrySettings::default", deny_unknown_fields)]
    pub struct RetrySettings {
        /// [`RetryLayer::enabled`].
        pub enabled: bool,
        /// [`RetryLayer::attempts`], 1 to 100.
        pub attempts: u32,
        /// [`RetryLayer::backoff`].
        pub backoff: BackoffSettings,
        /// [`RetryLayer::overload_backoff`].
        pub overload_backoff: BackoffSettings,
        /// [`RetryLayer::longest_wait`], as `2s`.
        pub longest_wait: Option<String>,
        /// [`RetryLayer::budget`].
        pub budget: BudgetSettings,
        /// [`RetryLayer::timeout_cost`], 1 to 100.
        pub timeout_cost: u32,
        /// [`RetryLayer::throttle`]; off if it is absent.
        pub throttle: Option<ThrottleSettings>,
        /// [`RetryLayer::idempotency_key`].
        pub idempotency_key: bool,
        /// [`RetryLayer::idempotent_methods`], each as `pkg.Svc/Method`.
        pub idempotent_methods: Vec<String>,
        /// [`RetryLayer::replay_limit`], in bytes.
        pub replay_limit: u64,
        /// [`RetryLayer::attempt_headers`].
        pub attempt_headers: bool,
    }
}

impl Default for RetrySettings {
    fn default() -> Self {
        let (config, http) = (Config::default(), HttpConfig::default());
        Self {
            enabled: config.enabled,
            attempts: config.attempts,
            backoff: BackoffSettings::default(),
            overload_backoff: BackoffSettings::default(),
            longest_wait: None,
            budget: BudgetSettings::default(),
            timeout_cost: config.timeout_cost,
            throttle: None,
            idempotency_key: true,
            idempotent_methods: Vec::new(),
            replay_limit: http.replay_limit,
            attempt_headers: http.headers,
        }
    }
}

impl<W> TryFrom<RetrySettings> for RetryLayer<Http<WithResponse, W>> {
    type Error = ConfigError;

    fn try_from(settings: RetrySettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let mut config = Config { enabled: settings.enabled, ..Config::default() };
        config.attempts(settings.attempts, &mut invalid);
        config.backoff = settings.backoff.backoff("backoff", config.backoff, &mut invalid);
        let overload = settings.overload_backoff;
        config.overload = overload.backoff("overload_backoff", config.overload, &mut invalid);
        config.longest_wait(settings.longest_wait, &mut invalid);
        config.budgets = settings.budget.of_http(&mut invalid);
        invalid.extend(invalid_cost(settings.timeout_cost));
        config.timeout_cost = settings.timeout_cost;
        config.throttle = settings.throttle.and_then(|throttle| throttle.throttle(&mut invalid));
        let methods = idempotent_methods(settings.idempotent_methods, &mut invalid);
        let http = HttpConfig {
            idempotency: methods.idempotency_key(settings.idempotency_key),
            replay_limit: settings.replay_limit,
            headers: settings.attempt_headers,
            ..HttpConfig::default()
        };
        let layer = Self::of(Http::new(Arc::new(http))).configure(|mine| *mine = config);
        ConfigError::check(SETTINGS, invalid, layer)
    }
}

pub(crate) fn idempotent_methods(
    names: Vec<String>,
    invalid: &mut Vec<InvalidField>,
) -> Idempotency {
    let rules = Idempotency::default().try_grpc_methods(names);
    rules.map_err(|error| invalid.extend(error.into_fields())).unwrap_or_default()
}
