//! The server's side: one layer, outermost.

mod admit;
mod body;
pub(crate) mod config;
mod error;
mod future;
mod layer;
mod service;
mod span;
mod trace_context;

pub use self::{
    body::ResponseBody,
    error::{ConfigError, Mistake},
    future::ResponseFuture,
    layer::RequestIdLayer,
    service::RequestIdService,
    span::RequestSpan,
    trace_context::{TraceContext, Untrusted},
};
