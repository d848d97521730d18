// The examples of the page, as doctests, need this feature.
#![cfg_attr(any(not(doctest), feature = "reqwest"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "http"),
    expect(dead_code, reason = "only the bodies of HTTP use these parts")
)]

mod breaker;
mod by_result;
mod call;
mod circuits;
mod config;
mod desk;
mod error;
mod fallback;
mod future;
mod guard;
mod half_open;
mod handle;
#[cfg(feature = "http")]
mod http;
mod keyed;
mod keys;
mod layer;
mod observe;
mod open_for;
mod presets;
mod protect;
mod random;
mod run_error;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod shared;
mod snapshot;
mod state;
mod subscription;
mod ticket;
mod trip;
mod window;

#[cfg(feature = "tonic")]
pub use battlement_core::AsTonic;
#[cfg(feature = "http")]
pub use battlement_core::{AsIs, ReplayBody, RequestHead, SendAs, WithResponse};
pub use battlement_core::{
    ConfigError, DefaultReject, Failure, InvalidField, JudgeResult, Rejection, RejectionKind,
    WithError, judge_boxed_error, judge_error,
};

// The types of the methods of `Protect`, which are not part of the public interface.
#[cfg(all(feature = "http", feature = "serde"))]
pub use self::fallback::FallbackSettings;
#[cfg(feature = "http")]
#[doc(hidden)]
pub use self::fallback::KeptCall;
#[doc(hidden)]
pub use self::fallback::{Oneshot, Started};
#[cfg(feature = "http")]
#[doc(hidden)]
pub use self::http::HttpCall;
#[cfg(feature = "serde")]
pub use self::settings::{
    CallRateSettings, CircuitBreakerSettings, ConsecutiveSettings, FailureRateSettings,
    HalfOpenSettings, OpenForSettings, SlowRateSettings,
};
#[doc(hidden)]
pub use self::{by_result::JudgedCall, call::Call};
pub use self::{
    by_result::{ByError, ByResult},
    error::CircuitOpen,
    fallback::{
        AnyFallback, AtOnce, FallBack, Fallback, FallbackFuture, FallbackLayer, FallbackOn,
        FallbackOutcome, OfRequest, Respond, Sends, ToService, Value,
    },
    future::CircuitBreakerFuture,
    half_open::HalfOpen,
    handle::Handle,
    keyed::Keyed,
    layer::{CircuitBreakerLayer, DefaultKind},
    observe::{CallOutcome, Observe},
    open_for::OpenFor,
    protect::Protect,
    run_error::RunError,
    service::CircuitBreaker,
    snapshot::{Counts, Snapshot, Transition},
    state::State,
    subscription::Subscription,
    trip::{Rate, Trip},
};
#[cfg(feature = "http")]
pub use self::{
    fallback::{Answer, FallbackBody, FallbackMark, HttpFallback, OfHead},
    http::{BodyForm, CircuitBreakerBody, Http, HttpForm},
    keys::Key,
};
