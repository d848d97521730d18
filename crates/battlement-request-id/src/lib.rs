// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), all(feature = "axum", feature = "reqwest")), doc = include_str!("../README.md"))]
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
