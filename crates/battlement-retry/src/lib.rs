// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), all(feature = "reqwest", feature = "tonic")), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod budget;
mod budgets;
mod call;
mod config;
mod course;
mod exhausted;
mod future;
#[cfg(feature = "http")]
mod hedge;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod idempotency;
mod latency;
mod layer;
mod observe;
mod policy;
mod random;
mod repeat;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod throttle;
mod throttled;

#[cfg(feature = "tonic")]
pub use battlement_core::AsTonic;
#[cfg(feature = "http")]
pub use battlement_core::{
    AsIs, Replay, ReplayBody, ReplayError, RequestHead, SendAs, WithResponse,
};
pub use battlement_core::{ConfigError, InvalidField, WithError};

// The types of the methods of `Repeat`, which are not part of the public interface.
#[cfg(all(feature = "http", feature = "serde"))]
pub use self::hedge::HedgeSettings;
#[cfg(feature = "reqwest")]
#[doc(hidden)]
pub use self::http::ReqwestOrigin;
#[cfg(feature = "http")]
#[doc(hidden)]
pub use self::http::{Answer, Origin};
#[cfg(feature = "serde")]
pub use self::settings::{BackoffSettings, BudgetSettings, RetryPolicySettings};
#[cfg(all(feature = "http", feature = "serde"))]
pub use self::settings::{RetrySettings, ThrottleSettings};
pub use self::{
    backoff::{Backoff, Jitter},
    budget::{Budget, BudgetPermit},
    budgets::Budgets,
    exhausted::RetriesExhausted,
    future::RetryFuture,
    layer::{Boxed, Rejects, RetryLayer},
    observe::{AttemptOutcome, Observe, StopReason},
    policy::{Attempt, Next, RetryPolicy},
    repeat::{ByPolicy, Form, Repeat, Sends, Unchanged},
    service::Retry,
    throttle::{Throttle, ThrottleTicket},
    throttled::Throttled,
};
#[cfg(feature = "http")]
pub use self::{
    budget::AuthorityBudgets,
    hedge::{Hedge, HedgeDelay, HedgeFuture, HedgeKind, HedgeLayer},
    http::{Attempts, Http, HttpForm, RetryBody},
    idempotency::{Idempotency, Idempotent},
};
#[doc(hidden)]
pub use self::{course::Judged, exhausted::History, repeat::Held};
