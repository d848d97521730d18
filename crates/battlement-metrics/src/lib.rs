// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), all(feature = "axum", feature = "prometheus-client", feature = "reqwest")), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "access-log")]
pub mod access_log;
mod active;
mod body;
mod buckets;
mod builder;
#[cfg(feature = "circuit-breaker")]
pub mod circuit_breaker;
#[cfg(feature = "client-ip")]
mod client_ip;
#[cfg(feature = "concurrency-limit")]
pub mod concurrency_limit;
mod config;
mod exemplar;
mod exposition;
mod family;
mod future;
mod gauge;
#[cfg(feature = "health")]
mod health;
mod histogram;
mod key;
mod label;
#[cfg(any(
    feature = "access-log",
    feature = "concurrency-limit",
    feature = "rate-limit",
    feature = "serve",
    feature = "shutdown",
    feature = "timeout"
))]
mod labelled;
mod layer;
mod methods;
mod metrics;
mod names;
mod naming;
mod nested;
#[cfg(target_os = "linux")]
mod process;
#[cfg(feature = "prometheus-client")]
mod prometheus_client;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
mod recorder;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "retry")]
pub mod retry;
mod route;
mod runtime;
mod schedule_delay;
mod series;
#[cfg(feature = "serve")]
pub mod serve;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod shard;
#[cfg(feature = "shutdown")]
pub mod shutdown;
mod side;
mod slots;
mod snapshot;
mod ticket;
#[cfg(feature = "timeout")]
pub mod timeout;
mod traffic;

pub use battlement_core::{ConfigError, ConnectionScheme, InvalidField, Scheme};

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestFuture;
#[cfg(feature = "axum")]
pub use self::route::note_route;
#[cfg(feature = "serde")]
pub use self::settings::MetricsSettings;
pub use self::{
    body::ResponseBody,
    builder::HttpMetricsBuilder,
    exposition::{Exposition, Format, PageBody, ScrapeFuture},
    future::ResponseFuture,
    label::Label,
    layer::MetricsLayer,
    metrics::HttpMetrics,
    naming::Naming,
    route::RouteTemplate,
    service::Metrics,
};
