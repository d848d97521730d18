use battlement_core::{ConfigError, InvalidField};
use serde::Deserialize;

use super::{
    http::{HttpConfig, HttpFallback},
    layer::FallbackLayer,
    on::FallbackOn,
};

battlement_core::settings! {
    /// The settings of a [`FallbackLayer`] around HTTP services in a configuration file; the fallback itself is code.
    ///
    /// Every field is optional and has the default of the setter. Unknown fields are rejected by name.
    ///
    /// ```
    /// use battlement_circuit_breaker::{FallbackLayer, FallbackSettings};
    /// use http::Response;
    ///
    /// let settings: FallbackSettings =
    ///     serde_json::from_str(r#"{ "on": ["rejected", "timeout"], "header": true }"#).unwrap();
    /// let layer = FallbackLayer::value(Response::new("[]")).settings(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "FallbackSettings", default = "FallbackSettings::default", deny_unknown_fields)]
    pub struct FallbackSettings {
        /// [`FallbackLayer::enabled`].
        pub enabled: bool,
        /// [`FallbackLayer::on`]: `rejected`, `timeout`, `server`, `transport`.
        pub on: Vec<FallbackOn>,
        /// [`FallbackLayer::header`].
        pub header: bool,
        /// [`FallbackLayer::replay_limit`], in bytes; for a fallback that is a service.
        pub replay_limit: u64,
    }
}

impl Default for FallbackSettings {
    fn default() -> Self {
        let HttpConfig { header, replay_limit, .. } = HttpConfig::default();
        Self { enabled: true, on: FallbackOn::ALL.to_vec(), header, replay_limit }
    }
}

impl<F, A> FallbackLayer<HttpFallback<F, A>> {
    /// Changes the layer to these settings.
    ///
    /// # Errors
    ///
    /// If `on` names no failures.
    pub fn settings(self, settings: FallbackSettings) -> Result<Self, ConfigError> {
        let FallbackSettings { enabled, on, header, replay_limit } = settings;
        let invalid = on.is_empty().then(|| {
            let message = "must name at least one class of failures; to disable the fallback, set `enabled` to false";
            InvalidField::new("on", message)
        });
        let layer = self.enabled(enabled).on(on).configure_http(|config| {
            (config.header, config.replay_limit) = (header, replay_limit);
        });
        ConfigError::check("fallback settings", invalid.into_iter().collect(), layer)
    }
}
