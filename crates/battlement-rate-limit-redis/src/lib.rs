#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
mod batches;
mod builder;
mod check;
mod client;
mod clients;
mod clock;
#[cfg_attr(not(feature = "redis-cluster"), path = "no_cluster.rs")]
mod cluster;
mod connection;
mod dispatch;
mod encoded;
mod exchange;
mod fault;
mod group;
mod in_flight;
mod key;
mod link;
mod observe;
mod permit;
mod probe;
mod question;
mod queue;
mod redis;
mod report;
mod script;
#[cfg(feature = "serde")]
mod settings;
mod signals;
mod slot;
mod slot_hasher;
mod spawn;
mod state;
mod store;
mod supervisor;
mod target;
mod timed;
#[cfg_attr(not(feature = "redis-tls"), path = "no_tls.rs")]
mod tls;

pub use battlement_core::CheckState;
pub use battlement_rate_limit::remote::{OnFailure, Share};

#[cfg(fuzzing)]
pub use self::connection::fuzz;
#[cfg(feature = "serde")]
pub use self::settings::{RedisSettings, Urls};
pub use self::{builder::Builder, observe::Observe, redis::Redis, state::State, store::RedisStore};
