#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(dead_code, reason = "the layer that calls this is added next")]

mod breaker;
mod config;
mod half_open;
mod open_for;
mod random;
mod snapshot;
mod state;
mod ticket;
mod trip;
mod window;

pub use battlement_core::{ConfigError, InvalidField};

pub use self::{
    half_open::HalfOpen,
    open_for::OpenFor,
    snapshot::{Counts, Snapshot, Transition},
    state::State,
    trip::{FailureRate, Trip},
};
