//! The layer that counts requests in flight, to the end of their bodies.

mod body;
mod config;
mod cut_off;
mod future;
mod gradual;
mod layer;
mod sender;
mod service;
mod ticket;

pub use self::{
    body::ResponseBody,
    cut_off::BodyCutOff,
    future::ResponseFuture,
    layer::{DrainLayer, EndStream},
    service::Drain,
};
