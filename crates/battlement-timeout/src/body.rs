//! The limits of bodies, in both directions.

mod config;
mod future;
mod layer;
mod limits;
mod pace;
mod service;
mod signal;
mod timeout_body;
mod watch;

#[cfg(feature = "serde")]
pub(crate) use self::config::{Config, SETTINGS};
pub use self::{
    future::BodyTimeoutFuture, layer::BodyTimeoutLayer, limits::BodyLimits, service::BodyTimeout,
    timeout_body::TimeoutBody,
};
