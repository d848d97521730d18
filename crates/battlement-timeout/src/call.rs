//! The limit of one call.

pub(crate) mod config;
pub(crate) mod countdown;
mod future;
mod layer;
mod ready;
#[cfg(feature = "http")]
mod route;
mod service;

#[cfg(feature = "http")]
pub use self::route::{TimeoutOverride, TimeoutOverrideService};
pub use self::{
    future::TimeoutFuture,
    layer::TimeoutLayer,
    ready::{ReadyTimeout, ReadyTimeoutFuture, ReadyTimeoutLayer},
    service::Timeout,
};
