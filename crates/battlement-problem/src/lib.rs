// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), feature = "axum"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod answer;
#[cfg(feature = "axum")]
mod axum;
mod backtrace;
mod body;
mod body_reader;
mod bug;
mod call_context;
mod catch;
mod chain;
mod charset;
mod config;
mod existing;
mod explain;
mod field_error;
mod future;
mod grpc;
mod layer;
mod panic;
mod problem;
mod render;
mod replaced;
mod report;
mod request_context;
mod service;
mod settings;
mod untouched;

pub use battlement_core::{ConfigError, InvalidField};

#[cfg(feature = "axum")]
pub use self::axum::{method_not_allowed, not_found};
use self::render::Document;
pub use self::{
    body::ResponseBody, bug::Bug, catch::silence_caught_panics, config::Expose, explain::Explain,
    field_error::FieldError, future::ResponseFuture, layer::ProblemLayer, panic::Panic,
    problem::Problem, service::ProblemService, settings::ProblemSettings, untouched::Untouched,
};

/// An error of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
