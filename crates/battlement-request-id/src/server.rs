//! The server side: one layer, outermost.

mod admit;
mod body;
pub(crate) mod config;
mod future;
mod layer;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod service;
mod span;
mod trace_context;

pub use battlement_core::{ConfigError, InvalidField};

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    layer::RequestIdLayer,
    service::RequestIdService,
    span::RequestSpan,
    trace_context::{TraceContext, Untrusted},
};
