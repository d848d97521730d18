//! Hedging: a second copy of a call that takes long.

mod attempt;
mod call;
mod config;
mod delay;
mod future;
mod kind;
mod layer;
mod service;
mod setters;

pub use self::{
    delay::HedgeDelay, future::HedgeFuture, kind::HedgeKind, layer::HedgeLayer, service::Hedge,
};
