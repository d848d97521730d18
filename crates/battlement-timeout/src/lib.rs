#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod elapsed;
mod expiry;
mod facts;
mod limit;
mod observe;
#[cfg(feature = "http")]
mod status;
mod timer;

#[cfg(feature = "http")]
pub use battlement_core::WithResponse;
pub use battlement_core::{
    ConfigError, Deadline, DefaultReject, InvalidField, Rejection, RejectionKind, WithError,
};

#[cfg(feature = "http")]
pub use self::call::{TimeoutOverride, TimeoutOverrideService};
pub use self::{
    call::{
        ReadyTimeout, ReadyTimeoutFuture, ReadyTimeoutLayer, Timeout, TimeoutFuture, TimeoutLayer,
    },
    elapsed::{Elapsed, ElapsedKind},
    limit::{By, Fixed, Limit},
    observe::Observe,
};
