//! The total time of a server's request.

mod arrival;
mod body;
mod config;
mod future;
mod layer;
mod part;
mod remains;
mod route;
mod service;

pub(crate) use self::body::last_frame;
#[cfg(feature = "serde")]
pub(crate) use self::config::{Config, SETTINGS};
pub use self::{
    body::DeadlineBody,
    future::DeadlineFuture,
    layer::DeadlineLayer,
    route::{DeadlineOverride, DeadlineOverrideService},
    service::DeadlineService,
};
