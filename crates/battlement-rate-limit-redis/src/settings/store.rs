use battlement_core::{
    InvalidField,
    settings::{self, PlainEnum, Settings, Unnamed},
};
use battlement_rate_limit::{MemoryOr, OpenStore, StoreOptions};
use serde::{Deserialize, Deserializer};

use super::RedisSettings;
use crate::{
    redis::Redis,
    script::{NAME, is_name},
    store::RedisStore,
};

/// The settings of a layer whose configuration chooses the store.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::RateLimitLayer;
/// use battlement_rate_limit_redis::RateLimitSettings;
///
/// let settings: RateLimitSettings = serde_json::from_str(
///     r#"{
///         "policies": [{ "name": "per-client", "quota": 100, "period": "60s" }],
///         "key": "client-ip",
///         "store": { "redis": { "url": "redis://127.0.0.1/" } },
///         "name": "shop",
///         "on_failure": { "local-fallback": { "share": 25 } }
///     }"#,
/// ).unwrap();
/// let layer = RateLimitLayer::try_from(settings).unwrap();
/// ```
///
/// With `"store": "memory"`, or without `store`, the same type of layer counts in memory.
pub type RateLimitSettings = battlement_rate_limit::RateLimitSettings<StoreSettings>;

/// The store of a layer: `memory`, or `{ "redis": { .. } }` with [`RedisSettings`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum StoreSettings {
    /// The memory of this process.
    #[default]
    Memory,
    /// Redis, over a connection of this layer.
    Redis(Box<RedisSettings>),
}

impl<'de> Deserialize<'de> for StoreSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        settings::named(deserializer)
    }
}

impl<'de> Settings<'de> for StoreSettings {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Plain {
            Memory,
            Redis(Box<Unnamed<RedisSettings>>),
        }
        Ok(match Plain::deserialize(PlainEnum::new(deserializer))? {
            Plain::Memory => Self::Memory,
            Plain::Redis(redis) => Self::Redis(Box::new(redis.0)),
        })
    }
}

impl OpenStore for StoreSettings {
    type Store = MemoryOr<RedisStore>;

    fn open(self, options: StoreOptions, invalid: &mut Vec<InvalidField>) -> Option<Self::Store> {
        let Self::Redis(settings) = self else { return Some(MemoryOr::Memory(options.memory())) };
        let redis = Redis::try_from(*settings).map_err(|error| {
            invalid.extend(error.into_fields().into_iter().map(|field| field.under("store.redis")));
        });
        let has_valid_name = options.name.as_deref().is_none_or(is_name);
        if !has_valid_name {
            invalid.push(InvalidField::new("name", NAME));
        }
        let (name, on_failure) = options.remote(invalid)?;
        let redis = redis.ok().filter(|_| has_valid_name)?;
        Some(MemoryOr::Remote(redis.store(&name, on_failure)))
    }
}

#[cfg(test)]
mod tests {
    use battlement_rate_limit::{ConfigError, RateLimitLayer, Source, Store};

    use super::*;

    const LIMIT: &str =
        r#""policies": [{ "name": "a", "quota": 1, "period": "1s" }], "key": "peer""#;

    fn layer(fields: &str) -> Result<RateLimitLayer<MemoryOr<RedisStore>>, ConfigError> {
        let settings: RateLimitSettings =
            serde_json::from_str(&format!("{{ {LIMIT}, {fields} }}")).unwrap();
        RateLimitLayer::try_from(settings)
    }

    fn invalid(fields: &str) -> Vec<String> {
        let error = layer(fields).unwrap_err();
        error.fields().iter().map(|invalid| invalid.field().to_owned()).collect()
    }

    fn sources(fields: &str) -> Vec<Source> {
        let (_, handle) = layer(fields).unwrap().pair();
        handle.store().sources().to_vec()
    }

    #[test]
    fn the_store_is_memory_unless_redis_is_chosen() {
        let redis = r#""store": { "redis": { "url": "redis://127.0.0.1/" } }, "name": "shop", "on_failure": "deny""#;
        assert!(sources(redis).contains(&RedisStore::SOURCE));
        for memory in [
            r#""expose": false"#,
            r#""store": "memory""#,
            r#""capacity": 10, "on_failure": "deny""#,
        ] {
            assert!(!sources(memory).contains(&RedisStore::SOURCE), "{memory}");
        }
    }

    #[test]
    fn a_missing_policy_for_failures_is_an_error_that_explains_the_choices() {
        let redis = r#""store": { "redis": { "url": "redis://127.0.0.1/" } }"#;
        let error = layer(&format!(r#"{redis}, "name": "shop""#)).unwrap_err().to_string();
        for choice in ["on_failure", "`deny` rejects", "`allow` passes", "local-fallback"] {
            assert!(error.contains(choice), "{choice} is not in {error}");
        }
        assert_eq!(invalid(redis), ["name", "on_failure"]);
        let all = r#""store": { "redis": { "url": "http://host/", "queue": 0 } }, "name": "{", "on_failure": "deny", "capacity": 5"#;
        assert_eq!(invalid(all), ["store.redis.url", "store.redis.queue", "name", "capacity"]);
        assert_eq!(invalid(&format!(r#"{redis}, "name": "{{""#)), ["name", "on_failure"]);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_reported_by_its_path() {
        let error = |store: &str| {
            let json = format!(r#"{{ {LIMIT}, "store": {store} }}"#);
            serde_json::from_str::<RateLimitSettings>(&json).unwrap_err().to_string()
        };
        let queue = error(r#"{ "redis": { "url": "redis://127.0.0.1/", "queue": "many" } }"#);
        assert!(queue.starts_with("store.redis.queue: "), "{queue}");
        let other = error(r#""postgres""#);
        assert!(other.starts_with("store: ") && other.contains("`memory` or `redis`"), "{other}");
    }
}
