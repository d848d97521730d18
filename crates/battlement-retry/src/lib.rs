#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod budget;
#[cfg(feature = "http")]
mod idempotency;
mod random;
#[cfg(feature = "http")]
mod replay;
mod throttle;

#[cfg(feature = "http")]
pub use battlement_core::RequestHead;
pub use battlement_core::{ConfigError, InvalidField};

pub use self::{
    backoff::{Backoff, Jitter},
    budget::{Budget, BudgetPermit},
    throttle::{Throttle, ThrottleTicket},
};
#[cfg(feature = "http")]
pub use self::{
    budget::AuthorityBudgets,
    idempotency::{Idempotency, Idempotent},
    replay::{Replay, ReplayBody, ReplayError},
};
