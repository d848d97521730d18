mod key;
mod policy;
mod store;

use battlement_core::settings::{Settings, duration};
use serde::Deserialize;

pub use self::{
    key::{KeyPart, KeySetting},
    policy::PolicySettings,
    store::{InMemory, OpenStore, StoreOptions},
};
use crate::{
    ConfigError, Headers, InvalidField, MissingKey, RateLimitLayer, policy::SETTINGS,
    remote::OnFailure,
};

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
    #[serde(
        remote = "RateLimitSettings",
        bound(deserialize = "S: Settings<'de> + Default"),
        deny_unknown_fields
    )]
    pub struct RateLimitSettings<S = InMemory> {
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
        /// [`RateLimitLayer::store`]: `memory`, or a store that the type parameter names.
        #[serde(default, deserialize_with = "store::read")]
        pub store: S,
        /// The name of the limit in a store of several processes, which requires it: limits of one name share their counts.
        #[serde(default)]
        pub name: Option<String>,
        /// The policy for requests while a store in another process is unavailable, which requires it: `deny`, `allow`, or
        /// `{ "local-fallback": { "share": 25 } }`.
        #[serde(default)]
        pub on_failure: Option<OnFailure>,
    }
}

const fn yes() -> bool {
    true
}

impl<S: OpenStore> TryFrom<RateLimitSettings<S>> for RateLimitLayer<S::Store> {
    type Error = ConfigError;

    fn try_from(settings: RateLimitSettings<S>) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let policies = policy::policies(&settings.policies, &mut invalid);
        let key = settings.key.key(&mut invalid);
        let jitter = settings.jitter.and_then(|text| duration("jitter", &text, &mut invalid));
        if settings.capacity == Some(0) {
            invalid.push(InvalidField::new("capacity", "must be at least 1"));
        }
        let options = StoreOptions {
            capacity: settings.capacity,
            name: settings.name,
            on_failure: settings.on_failure,
        };
        let store = settings.store.open(options, &mut invalid);
        let (Some(policies), Some(key), Some(store), true) =
            (policies, key, store, invalid.is_empty())
        else {
            return Err(ConfigError::new(SETTINGS, invalid));
        };
        Ok(RateLimitLayer::new(policies, key)
            .store(store)
            .enabled(settings.enabled)
            .without_key(settings.without_key)
            .headers(settings.headers)
            .jitter(jitter.unwrap_or_default())
            .expose(settings.expose))
    }
}
