//! The remaining time on calls to other services.

mod config;
mod future;
mod layer;
mod service;
mod stated;

pub use self::{
    future::PropagateDeadlineFuture, layer::PropagateDeadlineLayer, service::PropagateDeadline,
};
