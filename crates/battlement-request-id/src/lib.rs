// The examples of the page use axum's extractor.
#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "axum"),
    doc = "Puts a request id into every log line, every response and every outgoing call, with W3C trace context."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod carry;
mod client;
#[cfg(fuzzing)]
pub mod fuzz;
mod generator;
#[cfg(feature = "opentelemetry")]
mod otel;
mod scoped;
mod server;
#[cfg(feature = "serde")]
mod settings;
mod trust;
mod w3c;

#[cfg(feature = "axum")]
pub use battlement_core::MissingFact;
pub use battlement_core::{
    CorrelationId, InvalidId, Networks, PeerAddr, RequestHead, RequestId, SpanId, Trace,
    TraceFlags, TraceId, TraceLink,
};

#[cfg(feature = "serde")]
pub use self::settings::{GeneratorSetting, RequestIdSettings, TrustSetting};
pub use self::{
    carry::{Carry, carry, carry_fn, scope},
    client::{Propagate, PropagateLayer},
    generator::Generator,
    server::{
        ConfigError, InvalidField, RequestIdLayer, RequestIdService, RequestSpan, ResponseBody,
        ResponseFuture, TraceContext, Untrusted,
    },
    trust::{Predicate, Trust},
};
