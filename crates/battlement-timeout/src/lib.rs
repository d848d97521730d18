// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), all(feature = "axum", feature = "reqwest")), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "http")]
mod body;
mod call;
mod client;
#[cfg(feature = "http")]
mod deadline;
mod elapsed;
mod expiry;
mod facts;
#[cfg(all(fuzzing, feature = "http"))]
pub mod fuzz;
mod limit;
mod observe;
#[cfg(feature = "http")]
mod propagate;
#[cfg(feature = "serde")]
mod settings;
#[cfg(any(feature = "http", feature = "serde"))]
mod status;
#[cfg(feature = "http")]
mod wire;

pub use battlement_core::{
    ConfigError, Deadline, DefaultReject, InvalidField, Rejection, RejectionKind, WithError,
};
#[cfg(feature = "http")]
pub use battlement_core::{PeerAddr, RequestHead, WithResponse, carry, carry_fn};

#[cfg(all(feature = "http", feature = "serde"))]
pub use self::settings::{
    BodyLimitsSettings, BodyTimeoutSettings, DeadlineSettings, PropagateDeadlineSettings,
};
#[cfg(feature = "serde")]
pub use self::settings::{CallDeadlineSettings, TimeoutSettings};
#[cfg(feature = "http")]
pub use self::{
    body::{BodyLimits, BodyTimeout, BodyTimeoutFuture, BodyTimeoutLayer, TimeoutBody},
    call::{TimeoutOverride, TimeoutOverrideService},
    deadline::{
        DeadlineBody, DeadlineFuture, DeadlineLayer, DeadlineOverride, DeadlineOverrideService,
        DeadlineService,
    },
    propagate::{PropagateDeadline, PropagateDeadlineFuture, PropagateDeadlineLayer},
    wire::{InvalidTimeoutHeader, TimeoutHeader},
};
pub use self::{
    call::{
        ReadyTimeout, ReadyTimeoutFuture, ReadyTimeoutLayer, Timeout, TimeoutFuture, TimeoutLayer,
    },
    client::{CallDeadline, CallDeadlineLayer},
    elapsed::{Elapsed, ElapsedKind},
    limit::{By, Fixed, Limit},
    observe::Observe,
};
