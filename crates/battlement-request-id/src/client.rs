//! The client side: one layer, innermost.

mod layer;
mod service;

pub use self::{layer::PropagateLayer, service::Propagate};
