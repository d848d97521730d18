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
mod trust;

pub(crate) use self::body::last_frame;
pub use self::{
    body::DeadlineBody,
    future::DeadlineFuture,
    layer::DeadlineLayer,
    route::{DeadlineOverride, DeadlineOverrideService},
    service::DeadlineService,
};
#[cfg(feature = "serde")]
pub(crate) use self::{
    config::{Config, SETTINGS},
    trust::Trust,
};
