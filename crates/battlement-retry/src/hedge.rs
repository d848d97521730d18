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
#[cfg(feature = "serde")]
mod settings;

#[cfg(feature = "serde")]
pub use self::settings::HedgeSettings;
pub use self::{
    delay::HedgeDelay, future::HedgeFuture, kind::HedgeKind, layer::HedgeLayer, service::Hedge,
};
