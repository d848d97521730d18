#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
mod builder;
mod check;
mod client;
mod clients;
mod connection;
mod dispatch;
mod fault;
mod health;
mod observe;
mod redis;
mod report;
mod script;
#[cfg(feature = "serde")]
mod settings;
mod spawn;
mod store;

pub use battlement_core::CheckState;
pub use battlement_rate_limit::remote::{OnFailure, Share, State};

#[cfg(fuzzing)]
pub use self::connection::fuzz;
#[cfg(feature = "serde")]
pub use self::settings::{RateLimitSettings, RedisSettings, StoreSettings, Urls};
pub use self::{builder::Builder, observe::Observe, redis::Redis, store::RedisStore};
