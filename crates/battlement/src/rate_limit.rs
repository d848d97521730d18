//! Rate limits per key, in bounded memory or, with the feature `redis`, in Redis: the crate
//! [battlement-rate-limit](battlement_rate_limit), whose page describes the layer, and its stores.

#[doc(inline)]
pub use battlement_rate_limit::*;

/// Limits that several processes share, in Redis.
#[cfg(feature = "redis")]
#[doc(inline)]
pub use battlement_rate_limit_redis as redis;
