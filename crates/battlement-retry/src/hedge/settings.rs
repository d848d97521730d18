use std::sync::Arc;

use battlement_core::{ConfigError, InvalidField, WithResponse, settings::duration};
use serde::Deserialize;

use super::{
    HedgeDelay, HedgeLayer,
    config::{HedgeConfig, invalid_copies},
};
use crate::{
    BudgetSettings,
    http::{Http, HttpConfig},
    settings::idempotent_methods,
};

battlement_core::settings! {
    /// The settings of a [`HedgeLayer`] in a configuration file.
    ///
    /// Every field is optional and has the default of the setter. Unknown fields are rejected by name. `TryFrom` reports
    /// every invalid field at once.
    ///
    /// ```
    /// use battlement_retry::{HedgeLayer, HedgeSettings, Http};
    ///
    /// let settings: HedgeSettings = serde_json::from_str(
    ///     r#"{ "percentile": 90, "fallback": "100ms", "budget": { "ratio": 0.1 } }"#,
    /// ).unwrap();
    /// let layer = HedgeLayer::<Http>::try_from(settings).unwrap();
    ///
    /// let settings: HedgeSettings = serde_json::from_str(
    ///     r#"{ "copies": 1, "percentile": 100, "delay": "50ms" }"#,
    /// ).unwrap();
    /// let error = HedgeLayer::<Http>::try_from(settings).unwrap_err();
    /// let fields: Vec<_> = error.fields().iter().map(|invalid| invalid.field()).collect();
    /// assert_eq!(fields, ["copies", "percentile", "delay"]);
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "HedgeSettings", default = "HedgeSettings::default", deny_unknown_fields)]
    pub struct HedgeSettings {
        /// [`HedgeLayer::enabled`].
        pub enabled: bool,
        /// [`HedgeLayer::copies`], 2 to 10.
        pub copies: u32,
        /// The fixed time of [`HedgeLayer::after`], as `50ms`; not beside `percentile`.
        pub delay: Option<String>,
        /// [`HedgeDelay::percentile`], 1 to 99.
        pub percentile: Option<u8>,
        /// [`HedgeDelay::fallback`], as `100ms`; not beside `delay`.
        pub fallback: Option<String>,
        /// The settings of a budget of the layer's own; [`HedgeLayer::budget`] sets one that other layers share.
        pub budget: BudgetSettings,
        /// [`HedgeLayer::idempotency_key`].
        pub idempotency_key: bool,
        /// [`HedgeLayer::idempotent_methods`], each as `pkg.Svc/Method`.
        pub idempotent_methods: Vec<String>,
        /// [`HedgeLayer::replay_limit`], in bytes.
        pub replay_limit: u64,
        /// [`HedgeLayer::attempt_headers`].
        pub attempt_headers: bool,
    }
}

impl Default for HedgeSettings {
    fn default() -> Self {
        let (config, http) = (HedgeConfig::default(), HttpConfig::default());
        Self {
            enabled: config.enabled,
            copies: config.copies,
            delay: None,
            percentile: None,
            fallback: None,
            budget: BudgetSettings::default(),
            idempotency_key: true,
            idempotent_methods: Vec::new(),
            replay_limit: http.replay_limit,
            attempt_headers: http.headers,
        }
    }
}

impl<W> TryFrom<HedgeSettings> for HedgeLayer<Http<WithResponse, W>> {
    type Error = ConfigError;

    fn try_from(settings: HedgeSettings) -> Result<Self, ConfigError> {
        let mut invalid: Vec<_> = invalid_copies(settings.copies).into_iter().collect();
        let delay = delay(&settings, &mut invalid);
        let budgets = settings.budget.of_http(&mut invalid);
        let methods = idempotent_methods(settings.idempotent_methods, &mut invalid);
        let http = HttpConfig {
            idempotency: methods.idempotency_key(settings.idempotency_key),
            replay_limit: settings.replay_limit,
            headers: settings.attempt_headers,
            ..HttpConfig::default()
        };
        let layer = Self::of(Http::new(Arc::new(http))).configure(|config| {
            (config.enabled, config.copies) = (settings.enabled, settings.copies);
            (config.delay, config.budgets) = (delay, budgets);
        });
        ConfigError::check("hedge settings", invalid, layer)
    }
}

fn delay(settings: &HedgeSettings, invalid: &mut Vec<InvalidField>) -> HedgeDelay {
    let mut delay = HedgeDelay::default();
    if let Some(percent) = settings.percentile {
        match HedgeDelay::try_percentile(percent) {
            Ok(measured) => delay = measured,
            Err(error) => invalid.extend(error.into_fields()),
        }
    }
    let mut time = |field, text: &Option<String>| {
        let time = duration(field, text.as_ref()?, invalid)?;
        if time.is_zero() {
            invalid.push(InvalidField::new(field, "must be greater than zero"));
            return None;
        }
        Some(time)
    };
    if let Some(time) = time("fallback", &settings.fallback) {
        delay = delay.fallback(time);
    }
    let fixed = time("delay", &settings.delay);
    if settings.delay.is_some() && (settings.percentile.is_some() || settings.fallback.is_some()) {
        let message = "must be unset beside `percentile` or `fallback`";
        invalid.push(InvalidField::new("delay", message));
    }
    fixed.map_or(delay, HedgeDelay::fixed)
}
