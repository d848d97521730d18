//! Requests that are sent again, after draft-ietf-httpapi-idempotency-key-header-07: the work of a request with an
//! `Idempotency-Key` is done once, and every further send of the same request gets the first answer.

mod key;
mod keys;
mod metrics;
mod once;

pub use self::{
    key::{IdempotencyKey, InvalidKey},
    keys::KeyLimits,
};
pub(crate) use self::{
    keys::{Claim, Keys, Refused},
    metrics::registry,
    once::{Once, Outcome},
};
