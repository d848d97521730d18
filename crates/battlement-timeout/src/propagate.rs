//! The remaining time on calls to other services.

mod config;
mod future;
mod layer;
mod service;
mod stated;

#[cfg(feature = "serde")]
pub(crate) use self::config::SETTINGS;
pub use self::{
    future::PropagateDeadlineFuture, layer::PropagateDeadlineLayer, service::PropagateDeadline,
};
