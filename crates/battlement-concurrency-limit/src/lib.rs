// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), all(feature = "axum", feature = "reqwest")), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adaptive;
mod admit;
mod by_result;
mod call;
mod class;
mod classed;
mod config;
mod error;
mod future;
mod guard;
mod handle;
#[cfg(feature = "http")]
mod http;
mod layer;
mod limiter;
mod observe;
mod queue_layer;
mod queued;
mod queued_future;
mod reason;
mod run_error;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod shared;
mod shedding;
mod snapshot;
mod wait;

pub use battlement_core::{
    ConfigError, DefaultReject, InvalidField, JudgeResult, Rejection, RejectionKind, WithError,
    judge_boxed_error, judge_error,
};
#[cfg(feature = "http")]
pub use battlement_core::{RequestHead, WithResponse};

#[cfg(feature = "http")]
pub use self::http::{BodyForm, ConcurrencyLimitBody, Http};
#[cfg(feature = "serde")]
pub use self::settings::{
    AdaptiveSettings, AlgorithmSetting, ClassSettings, ConcurrencyLimitSettings, QueueSettings,
};
pub use self::{
    adaptive::{Aimd, Algorithm, Window},
    admit::Admit,
    by_result::{ByError, ByResult},
    classed::Classed,
    error::Overloaded,
    future::ConcurrencyLimitFuture,
    handle::Handle,
    layer::{ConcurrencyLimitLayer, DefaultKind},
    observe::{LimitCause, LimitChange, Observe},
    queue_layer::QueuedConcurrencyLimitLayer,
    queued::QueuedConcurrencyLimit,
    queued_future::QueuedConcurrencyLimitFuture,
    reason::Reason,
    run_error::RunError,
    service::ConcurrencyLimit,
    snapshot::{ClassSnapshot, Snapshot},
};
// The types of the methods of `Admit`, which are not part of the public interface.
#[doc(hidden)]
pub use self::{by_result::JudgedCall, call::Call, class::Classes};
