//! The probes over HTTP.

mod answer;
mod body;
mod config;
mod format;
mod future;
mod health_service;
mod layer;
mod page;
mod paths;
mod probes;
mod query;
mod render;

pub use battlement_core::ResponseBody;

pub use self::{
    body::HealthBody, format::Format, future::ResponseFuture, health_service::HealthService,
    layer::HealthLayer, paths::Paths, probes::HealthProbes,
};
#[cfg(fuzzing)]
pub(crate) use self::{format::negotiate, query::Query};
