mod key;
mod policy;

use battlement_core::settings::duration;
use serde::Deserialize;

pub use self::{
    key::{KeyPart, KeySetting},
    policy::PolicySettings,
};
use crate::{ConfigError, Headers, InvalidField, MissingKey, RateLimitLayer, policy::SETTINGS};

battlement_core::settings! {
    /// The settings of a [`RateLimitLayer`] in a configuration file.
    ///
    /// `policies` and `key` are required; every other field may be omitted and then has the default of
    /// [`RateLimitLayer::new`]. Unknown fields are rejected by name. `TryFrom` reports all invalid fields at once.
    /// Closures are set on the resulting layer.
    ///
    /// ```
    /// use battlement_rate_limit::{RateLimitLayer, RateLimitSettings};
    ///
    /// let settings: RateLimitSettings = serde_json::from_str(
    ///     r#"{
    ///         "policies": [
    ///             { "name": "burst", "quota": 10, "period": "1s", "burst": 20 },
    ///             { "name": "daily", "quota": 10000, "period": "24h", "shadow": true }
    ///         ],
    ///         "key": ["client-ip", "route"],
    ///         "headers": "draft7"
    ///     }"#,
    /// ).unwrap();
    /// let layer = RateLimitLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "RateLimitSettings", deny_unknown_fields)]
    pub struct RateLimitSettings {
        /// [`RateLimitLayer::enabled`].
        #[serde(default = "yes")]
        pub enabled: bool,
        /// The policies, at least one.
        #[serde(deserialize_with = "policy::list")]
        pub policies: Vec<PolicySettings>,
        /// The key by which requests are counted.
        pub key: KeySetting,
        /// [`RateLimitLayer::without_key`]: `shared`, `deny` or `skip`.
        #[serde(default)]
        pub without_key: MissingKey,
        /// [`RateLimitLayer::headers`]: `draft10`, `draft7`, `draft6`, `legacy` or `none`.
        #[serde(default)]
        pub headers: Headers,
        /// [`RateLimitLayer::jitter`], as `5s`.
        #[serde(default)]
        pub jitter: Option<String>,
        /// [`RateLimitLayer::capacity`].
        #[serde(default)]
        pub capacity: Option<usize>,
        /// [`RateLimitLayer::expose`].
        #[serde(default)]
        pub expose: bool,
    }
}

const fn yes() -> bool {
    true
}

impl TryFrom<RateLimitSettings> for RateLimitLayer {
    type Error = ConfigError;

    fn try_from(settings: RateLimitSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let policies = policy::policies(&settings.policies, &mut invalid);
        let key = settings.key.key(&mut invalid);
        let jitter = settings.jitter.and_then(|text| duration("jitter", &text, &mut invalid));
        if settings.capacity == Some(0) {
            invalid.push(InvalidField::new("capacity", "must be at least 1"));
        }
        let (Some(policies), Some(key), true) = (policies, key, invalid.is_empty()) else {
            return Err(ConfigError::new(SETTINGS, invalid));
        };
        let layer = Self::new(policies, key)
            .enabled(settings.enabled)
            .without_key(settings.without_key)
            .headers(settings.headers)
            .jitter(jitter.unwrap_or_default())
            .expose(settings.expose);
        Ok(match settings.capacity {
            Some(cells) => layer.capacity(cells),
            None => layer,
        })
    }
}
