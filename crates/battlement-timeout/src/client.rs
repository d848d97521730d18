//! The total time of a call to another service.

mod layer;
mod service;

pub use self::{layer::CallDeadlineLayer, service::CallDeadline};
