//! Rate limits per key, in bounded memory or, with the feature `redis`, in Redis: the crate
//! [battlement-rate-limit](battlement_rate_limit), whose page describes the layer, and its stores.
//!
//! # A store chosen by configuration
//!
#![cfg_attr(all(feature = "redis", feature = "serde"), doc = "```")]
#![cfg_attr(not(all(feature = "redis", feature = "serde")), doc = "```ignore")]
//! use battlement::rate_limit::{MemoryOr, RateLimitLayer, redis::{RateLimitSettings, RedisStore}};
//!
//! // With `"store": "memory"`, or without `store`, the same type of layer counts in memory.
//! let settings: RateLimitSettings = serde_json::from_str(r#"{
//!     "policies": [{ "name": "per-client", "quota": 100, "period": "60s" }], "key": "client-ip",
//!     "store": { "redis": { "url": "redis://127.0.0.1/" } }, "name": "orders", "on_failure": "deny"
//! }"#)?;
//! let layer: RateLimitLayer<MemoryOr<RedisStore>> = RateLimitLayer::try_from(settings)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[doc(inline)]
pub use battlement_rate_limit::*;

/// Limits that several processes share, in Redis.
#[cfg(feature = "redis")]
#[doc(inline)]
pub use battlement_rate_limit_redis as redis;
